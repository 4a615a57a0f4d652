import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { SERVICE_NAMES, type ServiceName } from '@signalbox/contracts';
import type { ServiceContext, StartService } from '@signalbox/nest-kit';
import { createPorts, loadConfig, Shutdown, type OpenPorts, type ProcessScope } from '@signalbox/platform';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSuite } from './start-suite.js';

let folder: string;
let ports: OpenPorts;
let scope: ProcessScope;
let stopping: AbortController;
let account: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-suite-'));
  const config = loadConfig({ env: { SIGNALBOX_DATA: folder, SIGNALBOX_PORT_BASE: '21000' }, argv: [] });
  ports = await createPorts(config);
  stopping = new AbortController();
  scope = {
    config,
    logger: pino({ level: 'silent' }),
    shutdown: new Shutdown(),
    stopping: stopping.signal,
    fail: () => undefined,
  };
  account = [];
});
afterEach(async () => {
  await scope.shutdown.run(1000);
  await ports.close();
  rmSync(folder, { recursive: true, force: true });
});

const contexts = new Map<ServiceName, ServiceContext>();
const stub: StartService = async (context) => {
  const { service } = context;
  contexts.set(service, context);
  account.push(`${service} starts`);
  await new Promise((resolve) => setImmediate(resolve));
  account.push(`${service} is up`);
  return { service, url: '', stop: async () => void account.push(`${service} stops`) };
};
const stubs = Object.fromEntries(SERVICE_NAMES.map((name) => [name, stub])) as Record<ServiceName, StartService>;
const at = (entry: string): number => account.indexOf(entry);

describe('startSuite', () => {
  it('has the executor start when its own upstreams are up, and the gateway last', async () => {
    await startSuite(stubs, ports, scope);
    expect(account).toHaveLength(10);
    expect(at('tool-executor starts')).toBeGreaterThan(Math.max(at('registry is up'), at('resource-service is up')));
    expect(at('gateway starts')).toBeGreaterThan(at('tool-executor is up'));
  });

  it('stops the gateway first and the registry and resource-service last', async () => {
    await startSuite(stubs, ports, scope);
    account = [];
    await scope.shutdown.run(1000);
    expect(at('gateway stops')).toBeLessThan(at('tool-executor stops'));
    expect(at('tool-executor stops')).toBeLessThan(Math.min(at('registry stops'), at('resource-service stops')));
  });

  it('gives each service its port, its instance and the same ports', async () => {
    await startSuite(stubs, ports, scope);
    expect(SERVICE_NAMES.map((name) => [contexts.get(name)?.port, contexts.get(name)?.instanceId])).toEqual([
      [21000, 'gateway-1'],
      [21001, 'registry-1'],
      [21002, 'tool-executor-1'],
      [21003, 'resource-service-1'],
      [21004, 'monitor-1'],
    ]);
    expect(new Set([...contexts.values()].map((context) => context.ports.events)).size).toBe(1);
  });

  it('says which service failed, and keeps what is up so that it can be stopped', async () => {
    const failing: StartService = async () => {
      throw Object.assign(new Error('listen'), { code: 'EADDRINUSE' });
    };
    await expect(startSuite({ ...stubs, 'tool-executor': failing }, ports, scope)).rejects.toThrow(
      'The tool-executor could not be started: 127.0.0.1:21002 is in use by another program',
    );
    expect(account.filter((entry) => entry.startsWith('gateway'))).toEqual([]);
    await scope.shutdown.run(1000);
    expect(account.filter((entry) => entry.endsWith('stops')).sort()).toEqual([
      'registry stops',
      'resource-service stops',
    ]);
  });

  it('starts no more once the process is to stop', async () => {
    const stopsAll: StartService = async (context) => {
      stopping.abort();
      return stub(context);
    };
    await startSuite({ ...stubs, registry: stopsAll }, ports, scope);
    expect(account.filter((entry) => entry.startsWith('tool-executor'))).toEqual([]);
  });
});

import { createEmbeddedPorts } from '@signalbox/adapter-embedded';
import type { UpstreamDefinition } from '@signalbox/contracts';
import type { RunningService } from '@signalbox/nest-kit';
import type { ConfigProblem, PortSet } from '@signalbox/ports';
import request, { type Agent } from 'supertest';
import { onTestFinished } from 'vitest';
import { start } from '../src/index.js';

export interface RegistryOptions {
  /** `signalbox.registry` of its configuration. */
  readonly section?: unknown;
  readonly servers?: readonly UpstreamDefinition[];
  readonly problems?: readonly ConfigProblem[];
  /** Ports of an earlier registry, to start another one over. */
  readonly ports?: PortSet;
}

export interface RunningForTest {
  readonly service: RunningService;
  readonly http: Agent;
  readonly ports: PortSet;
}

/** The real registry on a free port, over a log in memory, for one test. */
export async function registryForTest(options: RegistryOptions = {}): Promise<RunningForTest> {
  const { section, servers = [], problems = [] } = options;
  const ports = options.ports ?? (await embeddedPortsForTest());
  const service = await start({
    service: 'registry',
    instanceId: 'registry-1',
    bind: '127.0.0.1',
    port: 0,
    version: '0.0.0-test',
    ports,
    config: { path: undefined, env: {}, servers, problems, section: () => section },
  });
  onTestFinished(() => service.stop());
  return { service, http: request(service.url) as unknown as Agent, ports };
}

async function embeddedPortsForTest(): Promise<PortSet> {
  const ports = await createEmbeddedPorts({ dataDir: ':memory:' });
  // the last to be registered is the first to be run: services stop before their ports close
  onTestFinished(() => ports.close());
  return ports;
}

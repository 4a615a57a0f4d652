import { createEvent, newId } from '@signalbox/contracts';
import { isAlive } from '@signalbox/testing';
import { nodeTarget } from '@signalbox/testing/mcp-servers';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import supertest from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { definition, Harness, until } from '../../../test/harness.js';
import type { PoolView } from '../pools/pools.controller.js';

let folder: string;
const stops: (() => unknown)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'health-'));
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  await rm(folder, { recursive: true });
});

/** A server that answers pings after as many milliseconds as a file says, and not at all when it says `never`. */
async function patient() {
  const file = join(folder, 'delay');
  const script = join(folder, 'server.mjs');
  const set = (delay: string) => writeFile(file, delay);
  await set('0');
  await writeFile(
    script,
    `import { readFileSync } from 'node:fs';
     import { createInterface } from 'node:readline';
     const say = (id, result) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n');
     const lines = createInterface({ input: process.stdin });
     lines.on('close', () => process.exit());
     lines.on('line', (line) => {
       const { id, method, params } = JSON.parse(line);
       if (id === undefined) return;
       if (method === 'initialize') {
         const { protocolVersion } = params;
         return say(id, { protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } });
       }
       if (method === 'tools/list') return say(id, { tools: [{ name: 'pid', inputSchema: { type: 'object' } }] });
       if (method === 'tools/call') return say(id, { content: [{ type: 'text', text: String(process.pid) }] });
       const delay = readFileSync(${JSON.stringify(file)}, 'utf8');
       if (delay !== 'never') setTimeout(() => say(id, {}), Number(delay));
     });`,
  );
  return { target: nodeTarget(script), set, script };
}

async function start(...parameters: Parameters<typeof Harness.start>): Promise<Harness> {
  const executor = await Harness.start(...parameters);
  stops.push(() => executor.stop());
  return executor;
}
const poolOf = async (executor: Harness) =>
  ((await supertest(executor.service.url).get('/pools').expect(200)).body.pools as PoolView[])[0]!;
const untilState = (executor: Harness, state: string) =>
  until(async () => expect((await poolOf(executor)).state).toBe(state));
const changes = async (executor: Harness) =>
  (await executor.events({ type: 'server.state_changed' })).map(({ data }) => (data as { to: string }).to);
const failures = async (executor: Harness) =>
  (await executor.events({ type: 'server.failed' })).map(({ data }) => data as { error: string; retryInMs?: number });

describe('a server that is suspended', () => {
  it(
    'is noticed and replaced, with the processes of its pool, before ten seconds are over',
    { timeout: 60_000 },
    async () => {
      const { target } = await patient();
      // as it is without configuration
      const executor = await start([definition('s', target)], { restart: {} });
      await untilState(executor, 'running');
      const suspended = await until(async () => {
        const { control, connections } = await poolOf(executor);
        expect(connections).toHaveLength(1);
        return [control!.pid!, connections[0]!.pid!];
      });
      for (const pid of suspended) process.kill(pid, 'SIGSTOP');
      // `until` waits 15 s, for a machine that is busy
      await until(async () => {
        const { state, control, connections } = await poolOf(executor);
        expect(state).toBe('running');
        expect([control!.pid, ...connections.map(({ pid }) => pid)].filter((pid) => suspended.includes(pid!))).toEqual(
          [],
        );
      });
      expect(await executor.call('s', 'pid')).toMatchObject({ ok: true });
      await until(() => expect(suspended.filter(isAlive)).toEqual([]));
      expect(await failures(executor)).toMatchObject([{ error: 'its process is suspended' }]);
    },
  );
});

describe('a server that is checked', () => {
  const often = { intervalMs: 50, timeoutMs: 400, warning: 2, missed: 4, slowMs: 100 };

  it('is degraded while it answers slowly, and then well again', async () => {
    const { target, set } = await patient();
    const executor = await start([definition('s', target)], { ping: { ...often, timeoutMs: 10_000 } });
    await untilState(executor, 'running');
    await set('250');
    await untilState(executor, 'degraded');
    expect(await executor.call('s', 'pid')).toMatchObject({ ok: true });
    await set('0');
    await untilState(executor, 'running');
    await until(async () => expect(await changes(executor)).toEqual(['starting', 'degraded', 'running']));
    expect(await failures(executor)).toEqual([]);
  });

  it('is degraded when it does not answer, then given up and started again', async () => {
    const { target, set } = await patient();
    const executor = await start([definition('s', target)], { ping: often, upstream: { closeGraceMs: 100 } });
    await untilState(executor, 'running');
    const { control } = await poolOf(executor);
    await set('never');
    await until(async () => expect(await failures(executor)).toHaveLength(1));
    await set('0');
    await untilState(executor, 'running');
    expect((await failures(executor))[0]!.error).toContain('did not answer 4 checks in a row');
    expect((await changes(executor)).slice(0, 2)).toEqual(['starting', 'degraded']);
    expect((await poolOf(executor)).control!.pid).not.toBe(control!.pid);
  });

  it('may name an endpoint that is asked in place of a ping', async () => {
    const { target, set } = await patient();
    await set('never');
    let status = 200;
    const endpoint = createServer((_request, response) => response.writeHead(status).end()).listen(0, '127.0.0.1');
    await once(endpoint, 'listening');
    stops.push(() => endpoint.close());
    const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/health`;
    const executor = await start([definition('s', target, { health: { url, intervalMs: 50 } })], {
      ping: { ...often, intervalMs: 60_000, missed: 100 },
    });
    await untilState(executor, 'running');
    status = 503;
    await untilState(executor, 'degraded');
    status = 200;
    await untilState(executor, 'running');
    const [, degraded] = await executor.events({ type: 'server.state_changed' });
    expect((degraded!.data as { reason: string }).reason).toContain(`GET ${url} answered 503`);
  });
});

describe('a server that cannot be started', () => {
  it('is tried so many times, left alone, tried again, and then only by a command', async () => {
    const { target, script } = await patient();
    const missing = { ...target, args: [join(folder, 'not-there.mjs')] };
    const restart = { minMs: 10, maxMs: 20, maxAttempts: 2, cooldownMs: 50, maxCooldowns: 1 };
    const executor = await start([definition('s', missing)], { restart });
    await until(async () => {
      const last = (await failures(executor)).at(-1);
      expect(last).toBeDefined();
      expect(last).not.toHaveProperty('retryInMs');
    });
    const waits = (await failures(executor)).map(({ retryInMs }) => retryInMs);
    expect(waits).toHaveLength(3);
    expect((await executor.events({ type: 'server.failed' })).at(-1)!.data).toMatchObject({ attempt: 4 });
    await rm(join(folder, 'not-there.mjs'), { force: true });
    await writeFile(join(folder, 'not-there.mjs'), `import ${JSON.stringify(script)};`);
    await executor.ports.events.append({
      stream: 'server-s',
      expectedVersion: 'any',
      events: [createEvent('server.commanded', { server: 's', command: 'start', who: 'ada' })],
      commitId: newId(),
      metadata: { actor: 'registry-1', correlationId: 'spec' },
    });
    await untilState(executor, 'running');
  });
});

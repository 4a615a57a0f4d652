import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UpstreamDefinition } from '@signalbox/contracts';
import {
  hasConformanceFixture,
  nodeTarget,
  packagedServer,
  startConformanceFixture,
} from '@signalbox/testing/mcp-servers';
import { isAlive } from '@signalbox/testing';
import supertest from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { definition, Harness, openPorts, until } from '../../../test/harness.js';
import type { PoolView } from '../pools/pools.controller.js';

let folder: string;
const stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'supervision-'));
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  await rm(folder, { recursive: true });
});

async function start(...parameters: Parameters<typeof Harness.start>): Promise<Harness> {
  const executor = await Harness.start(...parameters);
  stops.push(() => executor.stop());
  return executor;
}

/** A server with tools that a file names, in pages of one; reads the file anew for each list. */
async function scripted(tools: object[], capabilities: object = { tools: { listChanged: true } }) {
  const list = join(folder, 'tools.json');
  const script = join(folder, 'server.mjs');
  const set = (next: object[]) => writeFile(list, JSON.stringify(next));
  await set(tools);
  await writeFile(
    script,
    `import { readFileSync } from 'node:fs';
     import { createInterface } from 'node:readline';
     const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n');
     createInterface({ input: process.stdin }).on('line', (line) => {
       const { id, method, params } = JSON.parse(line);
       if (method === 'initialize') say({ id, result: { protocolVersion: '2025-11-25', capabilities: ${JSON.stringify(capabilities)}, serverInfo: { name: 's', version: '1' } } });
       else if (method === 'tools/list') {
         const tools = JSON.parse(readFileSync(${JSON.stringify(list)}, 'utf8'));
         const at = Number(params?.cursor ?? 0);
         say({ id, result: { tools: tools.slice(at, at + 1), ...(at + 1 < tools.length ? { nextCursor: String(at + 1) } : {}) } });
       } else if (method === 'tools/call') {
         say({ method: 'notifications/tools/list_changed' });
         say({ id, result: { content: [{ type: 'text', text: String(process.pid) }] } });
       } else if (id !== undefined) say({ id, error: { code: -32601, message: 'asked for ' + method } });
     });`,
  );
  return { target: nodeTarget(script), set };
}

const tool = (name: string, description = '') => ({ name, description, inputSchema: { type: 'object' } });
const pools = async (executor: Harness) =>
  (await supertest(executor.service.url).get('/pools').expect(200)).body.pools as PoolView[];
const poolOf = async (executor: Harness, name: string) =>
  (await pools(executor)).find(({ server }) => server === name)!;
const untilState = (executor: Harness, name: string, state: string) =>
  until(async () => expect((await poolOf(executor, name)).state).toBe(state));

describe('the catalogue of a server', () => {
  it('is read in all pages, asking only for what was announced, and written when it changed', async () => {
    const { target, set } = await scripted([tool('a'), tool('b'), tool('c')]);
    const executor = await start([definition('s', target)]);
    await untilState(executor, 's', 'running');
    const [first] = await executor.events({ type: 'catalogue.changed' });
    expect(first).toMatchObject({
      stream: 'upstream-s',
      data: { server: 's', tools: [tool('a'), tool('b'), tool('c')], prompts: [], resources: [] },
    });
    const started = await executor.events({ type: 'server.started' });
    expect(started).toMatchObject([
      { data: { server: 's', executor: 'tool-executor-1', protocolVersion: '2025-11-25' } },
    ]);

    await set([tool('a', 'another'), tool('b')]);
    await executor.call('s', 'a');
    const changes = () => executor.events({ type: 'catalogue.changed' });
    await until(async () => expect(await changes()).toHaveLength(2));
    expect(await executor.events({ type: 'tool.definition.changed' })).toMatchObject([
      { data: { tool: 'a', definition: tool('a', 'another') } },
    ]);

    await executor.call('s', 'a');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await changes()).toHaveLength(2);
  });

  it('is compared with the last one in the log when the executor starts again', async () => {
    const { target, set } = await scripted([tool('a')]);
    const ports = await openPorts();
    stops.push(() => ports.close());
    for (const tools of [[tool('a')], [tool('a')], [tool('a', 'new')]]) {
      await set(tools);
      const executor = await Harness.start([definition('s', target)], {}, ports);
      await untilState(executor, 's', 'running');
      await executor.stopService();
    }
    const page = await ports.events.find({ stream: 'upstream-s' });
    const types = page.items.map(({ event }) => event.type);
    expect(types.filter((type) => type === 'catalogue.changed')).toHaveLength(2);
    expect(types.filter((type) => type === 'tool.definition.changed')).toHaveLength(1);
    expect(types.filter((type) => type === 'server.stopped')).toHaveLength(3);
  });
});

describe('a server that', () => {
  it('dies is started again, which the log tells', async () => {
    const { target } = await scripted([tool('a')]);
    const executor = await start([definition('s', target)]);
    await untilState(executor, 's', 'running');
    const { control } = await poolOf(executor, 's');
    process.kill(control!.pid!, 'SIGKILL');
    await until(async () => expect((await executor.events({ type: 'server.started' })).length).toBe(2));
    expect(await executor.events({ type: 'server.failed' })).toMatchObject([
      { data: { server: 's', attempt: 1, error: expect.stringContaining('SIGKILL'), retryInMs: expect.any(Number) } },
    ]);
    expect((await poolOf(executor, 's')).control!.pid).not.toBe(control!.pid);
  });

  it('cannot start leaves the others whole, and is not written about for ever', async () => {
    const broken: UpstreamDefinition['target'] = { kind: 'stdio', command: '/no/such/program', args: [], env: {} };
    const { target } = await scripted([tool('a')]);
    const section = { restart: { minMs: 5, maxMs: 5 } };
    const executor = await start([definition('broken', broken), definition('s', target)], section);
    await untilState(executor, 's', 'running');
    await untilState(executor, 'broken', 'failed');
    expect(await poolOf(executor, 'broken')).toMatchObject({ lastError: expect.stringContaining('/no/such/program') });
    expect((await executor.call('s', 'a')).ok).toBe(true);
    const reply = await executor.call('broken', 'x');
    expect(reply).toMatchObject({ ok: false, retryable: true, error: { message: expect.stringContaining('broken') } });
    const failures = (await executor.events({ type: 'server.failed' })).map(
      ({ data }) => (data as { attempt: number }).attempt,
    );
    expect(failures.every((attempt) => (attempt & (attempt - 1)) === 0)).toBe(true);
  });

  it('is suspended is given up and started again', async () => {
    const { target } = await scripted([tool('a')]);
    const frozen = { ping: { intervalMs: 200 }, upstream: { closeGraceMs: 100 } };
    const executor = await start([definition('s', target)], frozen);
    await untilState(executor, 's', 'running');
    process.kill((await poolOf(executor, 's')).control!.pid!, 'SIGSTOP');
    await until(async () => expect(await executor.events({ type: 'server.failed' })).toHaveLength(1));
    await untilState(executor, 's', 'running');
    expect(await executor.events({ type: 'server.failed' })).toMatchObject([
      { data: { error: 'its process is suspended' } },
    ]);
  });

  it.skipIf(!hasConformanceFixture())('cannot be reached over HTTP is tried until it is there', async () => {
    const first = await startConformanceFixture();
    await first.stop();
    const executor = await start([definition('h', { kind: 'http', url: first.url, headers: {} })]);
    await untilState(executor, 'h', 'failed');
    const again = await startConformanceFixture(first.port);
    stops.push(() => again.stop());
    await untilState(executor, 'h', 'running');
    expect(await executor.call('h', 'test_simple_text')).toMatchObject({ ok: true });
  });

  it.skipIf(!hasConformanceFixture())('forgot the session gets a new one, and the call runs', async () => {
    const first = await startConformanceFixture();
    const executor = await start([definition('h', { kind: 'http', url: first.url, headers: {} })]);
    const client = { sessionId: 'c-1' };
    await untilState(executor, 'h', 'running');
    expect(await executor.call('h', 'test_simple_text', {}, { client })).toMatchObject({ ok: true });
    await first.stop();
    const again = await startConformanceFixture(first.port);
    stops.push(() => again.stop());
    // where its start took so long that it was noticed to be away
    await untilState(executor, 'h', 'running');
    expect(await executor.call('h', 'test_simple_text', {}, { client })).toMatchObject({ ok: true });
  });
});

describe('GET /pools', () => {
  it('shows each process, whom it serves, and what the pool did', async () => {
    const { target } = await scripted([tool('a')]);
    const executor = await start([definition('s', target, { pool: { max: 2 } })]);
    await untilState(executor, 's', 'running');
    const pids = new Set<string>();
    for (const sessionId of ['first-session', 'first-session', 'other-session']) {
      const reply = await executor.call('s', 'a', {}, { client: { sessionId } });
      if (reply.ok) pids.add(JSON.stringify(reply.result));
    }
    const view = await poolOf(executor, 's');
    expect(view).toMatchObject({
      transport: 'stdio',
      state: 'running',
      max: 2,
      busy: 0,
      waiting: 0,
      timeouts: 0,
      acquired: 3,
    });
    expect(view.connections[0]).toMatchObject({ pid: expect.any(Number), leases: 0, inFlight: 0 });
    expect(view.connections.some(({ client }) => client === 'other-se…')).toBe(true);
    expect(pids.size).toBeLessThanOrEqual(2);
    const { text } = await supertest(executor.service.url).get('/metrics').expect(200);
    expect(text).toMatch(/signalbox_upstream_up\{server="s",.*\} 1/);
    expect(text).toMatch(/signalbox_pool_connections\{server="s",state="idle",.*\} [12]/);
  });

  it.skipIf(!hasConformanceFixture())('has one HTTP session per client session, until that is over', async () => {
    const fixture = await startConformanceFixture();
    stops.push(() => fixture.stop());
    const executor = await start([definition('h', { kind: 'http', url: fixture.url, headers: {} })]);
    await untilState(executor, 'h', 'running');
    const call = (sessionId?: string) =>
      executor.call('h', 'test_simple_text', {}, { client: sessionId ? { sessionId } : {} });
    await Promise.all([call('aaaa'), call('aaaa'), call('bbbb'), call(), call()]);
    const clients = async () => (await poolOf(executor, 'h')).connections.map(({ client }) => client).sort();
    expect(await clients()).toEqual(['aaaa…', 'bbbb…', '~@tester…', undefined]);
    await executor.control({ kind: 'session-closed', sessionId: 'aaaa' });
    await until(async () => expect(await clients()).toEqual(['bbbb…', '~@tester…', undefined]));
  });
});

describe('the executor', () => {
  it('finishes what runs when it stops, and leaves no process behind', async () => {
    const executor = await Harness.start([definition('e', packagedServer('server-everything'))]);
    await untilState(executor, 'e', 'running');
    const running = executor.call('e', 'trigger-long-running-operation', { duration: 1, steps: 1 });
    const calls = async () => (await supertest(executor.service.url).get('/calls/running').expect(200)).body.calls;
    await until(async () =>
      expect(await calls()).toMatchObject([{ server: 'e', phase: 'running', tool: 'trigger-long-running-operation' }]),
    );
    const view = await poolOf(executor, 'e');
    const pids = [view.control!.pid!, ...view.connections.map(({ pid }) => pid!)];
    await executor.service.stop();
    expect(await running).toMatchObject({ ok: true });
    expect(pids.length).toBeGreaterThan(1);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await executor.events({ type: 'server.stopped' })).toHaveLength(1);
    await executor.ports.close();
  });
});

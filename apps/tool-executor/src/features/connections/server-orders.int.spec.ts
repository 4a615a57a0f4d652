import {
  createEvent,
  newId,
  upstreamSettingsSchema,
  type NewEvent,
  type ServerCommandName,
} from '@signalbox/contracts';
import { isAlive } from '@signalbox/testing';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import supertest from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { definition, Harness, openPorts, until, type OpenPorts } from '../../../test/harness.js';
import type { PoolView } from '../pools/pools.controller.js';

const COUNTING = join(import.meta.dirname, '../../../test/counting-server.mjs');
let folder: string;
const stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orders-'));
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  await rm(folder, { recursive: true });
});

const entry = (name: string, signalbox: object = {}) => ({
  command: process.execPath,
  args: [COUNTING, join(folder, name)],
  signalbox: upstreamSettingsSchema.parse(signalbox),
});
const configured = (name: string, signalbox: Record<string, unknown> = {}) => {
  const { command, args } = entry(name);
  return definition(name, { kind: 'stdio', command, args, env: {} }, signalbox);
};
const runs = (name: string) =>
  existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8').trim().split('\n') : [];

/** What the registry writes. */
function write(ports: OpenPorts, server: string, event: NewEvent) {
  return ports.events.append({
    stream: `server-${server}`,
    expectedVersion: 'any',
    events: [event],
    commitId: newId(),
    metadata: { actor: 'registry-1', correlationId: 'spec' },
  });
}
const define = (ports: OpenPorts, server: string, kept: object = entry(server)) =>
  write(
    ports,
    server,
    createEvent('server.registered', { server, transport: 'stdio', definition: { ...kept }, source: 'api' }),
  );
const command = (ports: OpenPorts, server: string, name: ServerCommandName) =>
  write(ports, server, createEvent('server.commanded', { server, command: name, who: 'ada', why: 'spec' }));
const remove = (ports: OpenPorts, server: string) =>
  write(ports, server, createEvent('server.removed', { server, reason: 'spec', who: 'ada' }));

async function start(...parameters: Parameters<typeof Harness.start>): Promise<Harness> {
  const executor = await Harness.start(...parameters);
  stops.push(() => (parameters[2] ? executor.stopService() : executor.stop()));
  return executor;
}
const poolOf = async (executor: Harness, name: string) =>
  ((await supertest(executor.service.url).get('/pools').expect(200)).body.pools as PoolView[]).find(
    ({ server }) => server === name,
  );
const untilState = (executor: Harness, name: string, state: string | undefined) =>
  until(async () => expect((await poolOf(executor, name))?.state).toBe(state));
const pidsOf = async (executor: Harness, name: string) => {
  const pool = await poolOf(executor, name);
  return [pool?.control?.pid, ...(pool?.connections.map(({ pid }) => pid) ?? [])].filter((pid) => pid !== undefined);
};
const run = (executor: Harness, server: string, id: string, ms = 0) => executor.call(server, 'slow', { id, ms });

describe('a server that the API defines', () => {
  it('is started, called, changed and removed, and the others keep their processes', async () => {
    const executor = await start([configured('other')]);
    const { ports } = executor;
    await untilState(executor, 'other', 'running');
    const others = await pidsOf(executor, 'other');

    await define(ports, 'mine');
    await untilState(executor, 'mine', 'running');
    expect(await run(executor, 'mine', 'one')).toMatchObject({ ok: true });

    const running = run(executor, 'mine', 'long', 1_500);
    await until(() => expect(runs('mine')).toEqual(['one', 'long']));
    await define(ports, 'mine', entry('elsewhere'));
    await until(async () => {
      await run(executor, 'mine', 'two');
      expect(runs('elsewhere').length).toBeGreaterThan(0);
    });
    expect(await running).toMatchObject({ ok: true });

    await untilState(executor, 'mine', 'running');
    const pids = await pidsOf(executor, 'mine');
    await remove(ports, 'mine');
    await until(async () => expect(await poolOf(executor, 'mine')).toBeUndefined());
    await until(() => expect(pids.filter(isAlive)).toEqual([]));
    await expect(run(executor, 'mine', 'three')).rejects.toMatchObject({ name: 'NoConsumerError' });
    expect(await pidsOf(executor, 'other')).toEqual(expect.arrayContaining(others));
  });

  it('that is removed refuses the calls of those who have not heard of it', async () => {
    // longer than any test waits: until the service stops
    const executor = await start([], { lifecycle: { removedMs: 60_000 } });
    const { ports } = executor;
    await define(ports, 'mine');
    await untilState(executor, 'mine', 'running');
    await remove(ports, 'mine');
    const message = 'upstream server "mine" was removed by ada';
    await until(async () => {
      const reply = await run(executor, 'mine', 'late');
      expect(reply).toMatchObject({ ok: false, retryable: false, error: { message } });
    });
    await define(ports, 'mine');
    await until(async () => expect(await run(executor, 'mine', 'again')).toMatchObject({ ok: true }));
  });

  it('is there again after a restart, as it was left', async () => {
    const ports = await openPorts();
    stops.push(() => ports.close());
    const first = await Harness.start([], {}, ports);
    await define(ports, 'kept');
    await define(ports, 'halted');
    await define(ports, 'gone');
    await remove(ports, 'gone');
    await untilState(first, 'kept', 'running');
    await command(ports, 'halted', 'quarantine');
    await until(async () => expect((await first.events({ type: 'server.stopped' })).length).toBeGreaterThan(0));
    await first.stopService();

    const second = await start([], {}, ports);
    await untilState(second, 'kept', 'running');
    expect(await run(second, 'kept', 'again')).toMatchObject({ ok: true });
    expect(await poolOf(second, 'gone')).toBeUndefined();
    expect((await poolOf(second, 'halted'))?.state).toBe('stopped');
    expect(await run(second, 'halted', 'never')).toMatchObject({
      ok: false,
      retryable: false,
      error: { message: 'upstream server "halted" is quarantined by ada: spec' },
    });
    expect(runs('halted')).toEqual([]);
  });

  it('that cannot be read here is said to be so, and leaves the others whole', async () => {
    const executor = await start([]);
    await define(executor.ports, 'broken', { ...entry('broken'), env: { A: '${NOT_SET_ANYWHERE}' } });
    await define(executor.ports, 'whole');
    await untilState(executor, 'whole', 'running');
    expect(await poolOf(executor, 'broken')).toBeUndefined();
  });
});

describe('a command', () => {
  it('to drain lets calls finish and takes no others', async () => {
    const executor = await start([configured('s')]);
    await untilState(executor, 's', 'running');
    const running = run(executor, 's', 'long', 1_500);
    await until(() => expect(runs('s')).toEqual(['long']));
    await command(executor.ports, 's', 'drain');
    await untilState(executor, 's', 'stopping');
    expect(await run(executor, 's', 'late')).toMatchObject({
      ok: false,
      retryable: false,
      error: { message: 'upstream server "s" was stopped by ada: spec' },
    });
    expect(await running).toMatchObject({ ok: true, result: { content: [{ text: 'ran long' }] } });
    await untilState(executor, 's', 'stopped');
    await until(async () => expect(await executor.events({ type: 'server.stopped' })).toHaveLength(1));
    expect((await executor.events({ type: 'server.state_changed' })).map(({ data }) => data)).toMatchObject([
      { to: 'starting' },
      { from: 'running', to: 'stopping', reason: 'was stopped by ada: spec' },
    ]);
    expect(runs('s')).toEqual(['long']);
  });

  it('to stop does not wait for calls', async () => {
    const executor = await start([configured('s')]);
    await untilState(executor, 's', 'running');
    const running = run(executor, 's', 'long', 60_000);
    await until(() => expect(runs('s')).toEqual(['long']));
    await command(executor.ports, 's', 'stop');
    expect(await running).toMatchObject({ ok: false });
    await untilState(executor, 's', 'stopped');
    expect(await executor.events({ type: 'tool.call.outcome_unknown' })).toHaveLength(1);
  });

  it('to start or approve brings it back', async () => {
    const executor = await start([configured('s')]);
    await untilState(executor, 's', 'running');
    for (const [away, back] of [
      ['stop', 'start'],
      ['quarantine', 'approve'],
    ] as const) {
      await command(executor.ports, 's', away);
      await untilState(executor, 's', 'stopped');
      await command(executor.ports, 's', back);
      await untilState(executor, 's', 'running');
      expect(await run(executor, 's', back)).toMatchObject({ ok: true });
    }
    expect(runs('s')).toEqual(['start', 'approve']);
  });

  it('to restart gives it a new process, and calls that run finish on the old one', async () => {
    const executor = await start([configured('s')]);
    await untilState(executor, 's', 'running');
    const before = await pidsOf(executor, 's');
    const running = run(executor, 's', 'long', 1_000);
    await until(() => expect(runs('s')).toEqual(['long']));
    await command(executor.ports, 's', 'restart');
    await until(async () => {
      const now = await pidsOf(executor, 's');
      expect(now.length).toBeGreaterThan(0);
      expect(now.filter((pid) => before.includes(pid))).toEqual([]);
    });
    expect(await running).toMatchObject({ ok: true });
    await until(() => expect(before.filter(isAlive)).toEqual([]));
    await untilState(executor, 's', 'running');
    expect(await executor.events({ type: 'server.stopped' })).toEqual([]);
  });

  it('is heard by every executor', async () => {
    const ports = await openPorts();
    stops.push(() => ports.close());
    const executors = [
      await start([configured('s')], {}, ports),
      await start([configured('s')], {}, ports, 'tool-executor-2'),
    ];
    for (const executor of executors) await untilState(executor, 's', 'running');
    await command(ports, 's', 'quarantine');
    for (const executor of executors) await untilState(executor, 's', 'stopped');
  });
});

describe('servers that depend on each other', () => {
  const order = async (executor: Harness, type: string) =>
    (await executor.events({ type })).map(({ data }) => (data as { server: string }).server);

  it('are started one after the other, whatever their order is', async () => {
    const servers = [
      configured('web', { dependsOn: ['api'] }),
      configured('api', { dependsOn: ['db'] }),
      configured('db'),
    ];
    const executor = await start(servers, { startParallel: 8 });
    for (const name of ['web', 'api', 'db']) await untilState(executor, name, 'running');
    expect(await order(executor, 'server.started')).toEqual(['db', 'api', 'web']);
  });

  it('wait for one that comes later, and say what they wait for', async () => {
    const waiting = configured('web', { dependsOn: ['db'] });
    const executor = await start([waiting], { lifecycle: { dependencyWaitMs: 200 } });
    await untilState(executor, 'web', 'failed');
    expect((await poolOf(executor, 'web'))?.lastError).toBe('depends on "db", which does not exist');
    await define(executor.ports, 'db');
    await untilState(executor, 'web', 'running');
    expect(await order(executor, 'server.started')).toEqual(['db', 'web']);
  });

  it('in a cycle are not started, and the cycle is named', async () => {
    const servers = [configured('a', { dependsOn: ['b'] }), configured('b', { dependsOn: ['a'] }), configured('whole')];
    const executor = await start(servers);
    await untilState(executor, 'whole', 'running');
    await untilState(executor, 'a', 'failed');
    expect((await poolOf(executor, 'a'))?.lastError).toContain('depend on each other: a → b → a');
    expect(await order(executor, 'server.started')).toEqual(['whole']);
  });

  it('end one after the other, when all of them are told to', async () => {
    const executor = await start([configured('web', { dependsOn: ['db'] }), configured('db')]);
    await untilState(executor, 'web', 'running');
    const running = run(executor, 'web', 'long', 1_000);
    await until(() => expect(runs('web')).toEqual(['long']));
    await command(executor.ports, 'web', 'drain');
    await command(executor.ports, 'db', 'drain');
    expect(await running).toMatchObject({ ok: true });
    await untilState(executor, 'db', 'stopped');
    await until(async () => expect(await order(executor, 'server.stopped')).toEqual(['web', 'db']));
  });
});

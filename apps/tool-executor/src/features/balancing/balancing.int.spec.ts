import { loadConfig } from '@signalbox/platform';
import { waitFor } from '@signalbox/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import supertest from 'supertest';
import { afterEach, describe, expect, it } from 'vitest';
import { definition, Harness, until } from '../../../test/harness.js';
import { startInstances, type Instances } from '../../../test/instances.js';
import type { PoolView } from '../pools/pools.controller.js';

const PATIENCE = { timeoutMs: 60_000, intervalMs: 25 };
const tools = { slow_read: { class: 'read' } };
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function many(count: number, balancing: object, kind: 'sessions' | 'stateless' = 'stateless') {
  const instances = await startInstances(count, kind);
  ends.push(() => instances[Symbol.asyncDispose]());
  const list = instances.urls.map((url) => ({ url, weight: 1, tags: [] }));
  const target = { kind: 'http', url: list[0]!.url, instances: list, headers: {} } as const;
  const section = { ping: { intervalMs: 500, timeoutMs: 2_000 }, recovery: {} };
  const executor = await Harness.start([definition('many', target, { balancing, tools })], section);
  ends.push(() => executor.stop());
  await until(async () => expect((await view(executor)).state).toBe('running'));
  return { instances, executor };
}
const view = async (executor: Harness): Promise<PoolView> =>
  ((await supertest(executor.service.url).get('/pools').expect(200)).body.pools as PoolView[])[0]!;
const stateOf = async (executor: Harness, url: string) =>
  (await view(executor)).instances?.find((instance) => instance.url === url)?.state;
const untilState = (executor: Harness, url: string, state: string) =>
  waitFor(async () => (await stateOf(executor, url)) === state, { ...PATIENCE, what: `${url} is ${state}` });

function perPort(instances: Instances): number[] {
  const runs = instances.runs();
  return instances.all.map(({ port }) => runs.filter((run) => run.port === port).length);
}
const read = (executor: Harness, id: string, client: object = {}, ms = 0) =>
  executor.call('many', 'slow_read', { id, ms }, { safetyClass: 'read', client, deadlineMs: 60_000 });

describe('calls to a server with several instances', { timeout: 120_000 }, () => {
  it.each(['round-robin', 'least-connections'])('are shared out fairly by %s', async (policy) => {
    const { instances, executor } = await many(3, { policy });
    for (let n = 0; n < 60; n++) expect(await read(executor, `read-${n}`)).toMatchObject({ ok: true });
    for (const count of perPort(instances)) expect(count).toBeLessThanOrEqual(1.1 * 20);
  });

  it('stay together by the argument that they are hashed by', async () => {
    const { instances, executor } = await many(3, {
      policy: 'consistent-hash',
      hashBy: 'argument',
      argument: 'id',
    });
    for (let n = 0; n < 60; n++) await read(executor, `read-${n % 12}`);
    const places = new Map<string, Set<number>>();
    for (const { port, id } of instances.runs()) places.set(id, (places.get(id) ?? new Set()).add(port));
    expect([...places.values()].every((ports) => ports.size === 1)).toBe(true);
  });

  it('of one session go to one instance, and to another one only when that is gone', async () => {
    const { instances, executor } = await many(3, { policy: 'round-robin' }, 'sessions');
    const client = { sessionId: 'session-a', capabilities: {} };
    for (let n = 0; n < 6; n++) await read(executor, `read-${n}`, client);
    const before = new Set(instances.runs().map(({ port }) => port));
    expect(before.size).toBe(1);
    await instances.all.find(({ port }) => before.has(port))!.kill();
    for (let n = 0; n < 6; n++) expect(await read(executor, `later-${n}`, client)).toMatchObject({ ok: true });
    const after = new Set(instances.runs().flatMap(({ port, id }) => (id.startsWith('later') ? port : [])));
    expect(after.size).toBe(1);
    expect(after).not.toEqual(before);
  });

  it('that hang because an instance is suspended go to another one if they may; an unsafe one is not run again', async () => {
    const { instances, executor } = await many(2, { policy: 'round-robin' });
    const [hung, well] = instances.all as [(typeof instances.all)[0], (typeof instances.all)[0]];
    const running = Array.from({ length: 4 }, (_, n) => read(executor, `read-${n}`, {}, 10_000));
    const unsafe = Array.from({ length: 2 }, (_, n) =>
      executor.call('many', 'slow', { id: `unsafe-${n}`, ms: 10_000 }, { deadlineMs: 60_000 }),
    );
    await waitFor(() => instances.runs().length === 6, { ...PATIENCE, what: 'six running calls' });
    hung.signal('SIGSTOP');
    const onHung = new Set(instances.runs().flatMap(({ port, id }) => (port === hung.port ? id : [])));
    for (const reply of await Promise.all(running)) expect(reply).toMatchObject({ ok: true });
    const replies = await Promise.all(unsafe);
    for (const [n, reply] of replies.entries()) {
      expect(instances.runs().filter(({ id }) => id === `unsafe-${n}`)).toHaveLength(1);
      if (onHung.has(`unsafe-${n}`)) expect(reply).toMatchObject({ ok: false, retryable: false });
      else expect(reply).toMatchObject({ ok: true });
    }
    expect(await stateOf(executor, hung.url)).toBe('down');
    hung.signal('SIGCONT');
    await untilState(executor, hung.url, 'up');
    expect(await stateOf(executor, well.url)).toBe('up');
    const events = await executor.events({ type: 'server.instance.state_changed' });
    const changes = events.map(({ data }) => data as { instance: string; to: string });
    expect(changes.filter(({ instance }) => instance === hung.url).map(({ to }) => to)).toEqual(
      expect.arrayContaining(['ill', 'down', 'up']),
    );
  });

  it('go where an instance is as soon as it is said to be there, and no longer where it was', async () => {
    const instances = await startInstances(2);
    ends.push(() => instances[Symbol.asyncDispose]());
    const folder = await mkdtemp(join(tmpdir(), 'signalbox-balancing-'));
    ends.push(() => rm(folder, { recursive: true }));
    const path = join(folder, 'signalbox.json');
    const [first, second] = instances.urls as [string, string];
    const entry = (...urls: string[]) => ({ urls, signalbox: { balancing: { policy: 'round-robin' }, tools } });
    await writeFile(path, JSON.stringify({ mcpServers: { many: entry(first) } }));
    const env = { SIGNALBOX_DATA: folder, PATH: process.env['PATH'] };
    const config = loadConfig({ env, argv: ['--config', path] });
    const executor = await Harness.startWith(config);
    ends.push(() => executor.stop());
    await until(async () => expect(await read(executor, 'first')).toMatchObject({ ok: true }));
    expect(perPort(instances)).toEqual([1, 0]);
    const running = read(executor, 'long', {}, 3_000);
    await waitFor(() => instances.runs().length === 2, { ...PATIENCE, what: 'a running call' });
    expect(config.update('file', { mcpServers: { many: entry(second) } })).toBe(true);
    await waitFor(async () => (await stateOf(executor, second)) !== undefined, PATIENCE);
    for (let n = 0; n < 4; n++) expect(await read(executor, `read-${n}`)).toMatchObject({ ok: true });
    expect(perPort(instances)).toEqual([2, 4]);
    expect(await running).toMatchObject({ ok: true });
    // it is the same server as before: nothing was started anew
    expect(await executor.events({ type: 'server.started' })).toHaveLength(1);
  });

  it('are refused as retryable when no instance is there', async () => {
    const { instances, executor } = await many(2, {});
    await Promise.all(instances.all.map((instance) => instance.kill()));
    await untilState(executor, instances.urls[0]!, 'down');
    await untilState(executor, instances.urls[1]!, 'down');
    const reply = await executor.call('many', 'slow', { id: 'unsafe' });
    expect(reply).toMatchObject({ ok: false, retryable: true });
    await instances.all[1]!.start();
    await untilState(executor, instances.urls[1]!, 'up');
    expect(await executor.call('many', 'slow', { id: 'unsafe-2' })).toMatchObject({ ok: true });
  });

  it('beyond what an instance may have in flight go to others, and are refused when all are full', async () => {
    const { instances, executor } = await many(2, { maxInFlight: 1 });
    const running = [0, 1].map((n) => read(executor, `read-${n}`, {}, 3_000));
    await waitFor(() => instances.runs().length === 2, { ...PATIENCE, what: 'two running calls' });
    expect(perPort(instances)).toEqual([1, 1]);
    expect(await read(executor, 'read-2')).toMatchObject({ ok: false, retryable: true });
    for (const reply of await Promise.all(running)) expect(reply).toMatchObject({ ok: true });
  });
});

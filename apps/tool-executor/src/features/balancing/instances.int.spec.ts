import type { RecordedEvent, SafetyClass } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { definition, Harness, until } from '../../../test/harness.js';
import { startInstances, type InstanceKind, type Instances } from '../../../test/instances.js';

/** Longer than any test waits. */
const FOR_EVER = 60_000;
let instances: Instances;
let executor: Harness;
afterEach(async () => {
  await executor?.stop();
  await instances?.[Symbol.asyncDispose]();
});

/** Instances, stateless unless it is said, and as many repetitions as there are calls. */
async function start(count: number, balancing: object, section: object = {}, kind: InstanceKind = 'stateless') {
  instances = await startInstances(count, kind);
  const list = instances.urls.map((url) => ({ url, weight: 1, tags: [] }));
  const target = { kind: 'http', url: list[0]!.url, instances: list, headers: {} } as const;
  // a busy machine is not to be taken for an ill instance
  const ping = { intervalMs: FOR_EVER, timeoutMs: FOR_EVER };
  const recovery = { retryBudget: 1, retryBurst: 1_000 };
  executor = await Harness.start([definition('many', target, { balancing })], { balancing: section, recovery, ping });
  await until(async () => expect(await call('first')).toMatchObject({ ok: true }));
}
const call = (id: string, args: object = {}, client: object = {}, safetyClass: SafetyClass = 'read') =>
  executor.call('many', 'slow', { id, ...args }, { safetyClass, client, deadlineMs: FOR_EVER });
const portsOf = (prefix: string) => instances.runs().flatMap(({ id, port }) => (id.startsWith(prefix) ? port : []));
const dataOf = async (type: RecordedEvent['type']) =>
  (await executor.events({ type })).map(({ data }) => data as { instance: string; from: string; to: string });

describe('the circuit breaker of an instance', () => {
  it('opens after failures in a row, lets one call through to try, and closes when that is answered', async () => {
    await start(2, { policy: 'round-robin' }, { breaker: { failures: 3, openMs: 500 } });
    const [bad] = instances.all;
    const changes = async () =>
      (await dataOf('server.instance.breaker_changed')).map(({ instance, from, to }) => [instance, `${from} ${to}`]);
    // each of them is answered by the other one
    for (let n = 0; n < 12; n++) {
      expect(await call(`failing-${n}`, { failAt: [bad!.port] })).toMatchObject({ ok: true });
    }
    await until(async () => expect((await changes())[0]).toEqual([bad!.url, 'closed open']));
    await waitFor(
      async () => {
        expect(await call('well')).toMatchObject({ ok: true });
        return (await changes()).at(-1)?.[1] === 'half_open closed';
      },
      { timeoutMs: 30_000, what: 'a closed breaker' },
    );
    for (const [instance] of await changes()) expect(instance).toBe(bad!.url);
    const before = portsOf('again').length;
    for (let n = 0; n < 4; n++) await call(`again-${n}`);
    expect(portsOf('again').slice(before)).toContain(bad!.port);
  });
});

it('instances that fail far more often than the others are put out, and no more of them than is allowed', async () => {
  const outlier = { intervalMs: 10, minRequests: 5, excess: 0.2, maxShare: 0.5, ejectMs: 600_000 };
  await start(3, { policy: 'round-robin' }, { outlier, breaker: { failures: 10_000 } });
  const failAt = instances.all.slice(0, 2).map(({ port }) => port);
  for (let n = 0; n < 60; n++) expect(await call(`run-${n}`, { failAt })).toMatchObject({ ok: true });
  const bad = instances.urls.slice(0, 2);
  await until(async () => {
    const ejected = await dataOf('server.instance.ejected');
    expect(ejected).toHaveLength(1);
    expect(bad).toContain(ejected[0]!.instance);
  });
});

describe('calls that are hashed', () => {
  it.each([
    ['principal', (n: number) => ({ principal: `p-${n}` })],
    ['session', (n: number) => ({ sessionId: `s-${n}`, capabilities: {} })],
  ])('by their %s go to one instance each', async (hashBy, client) => {
    await start(3, { policy: 'consistent-hash', hashBy });
    const keys = 12;
    for (let n = 0; n < 4 * keys; n++) {
      expect(await call(`key-${n % keys}-`, {}, client(n % keys))).toMatchObject({ ok: true });
    }
    const places = Array.from({ length: keys }, (_, key) => new Set(portsOf(`key-${key}-`)));
    expect(places.map(({ size }) => size)).toEqual(places.map(() => 1));
    expect(new Set(places.flatMap((ports) => [...ports])).size).toBeGreaterThan(1);
  });
});

describe('a call whose instance is killed in the middle', () => {
  it.each(['read', 'idempotent', 'keyed'] as const)('goes on at another one when it is %s', async (safetyClass) => {
    await start(2, {});
    const reply = call('killed', { firstMs: FOR_EVER }, {}, safetyClass);
    await until(() => expect(portsOf('killed')).toHaveLength(1));
    const [port] = portsOf('killed');
    await instances.all.find((instance) => instance.port === port)!.kill();
    expect(await reply).toMatchObject({ ok: true });
    expect(new Set(portsOf('killed')).size).toBe(2);
  });

  it('is not run again when it is unsafe', async () => {
    await start(2, {});
    const reply = call('killed', { firstMs: FOR_EVER }, {}, 'unsafe');
    await until(() => expect(portsOf('killed')).toHaveLength(1));
    const [port] = portsOf('killed');
    await instances.all.find((instance) => instance.port === port)!.kill();
    expect(await reply).toMatchObject({ ok: false, retryable: false });
    expect(portsOf('killed')).toHaveLength(1);
  });
});

describe.each(['modern', 'sse', 'sessions'] as const)('instances that speak otherwise: %s', (kind) => {
  const client = { sessionId: 'session-a', capabilities: {} };

  it('share the calls, and what one takes with it goes on at another', async () => {
    await start(3, { policy: 'round-robin' }, {}, kind);
    const { pools } = (await (await fetch(`${executor.service.url}/pools`)).json()) as { pools: object[] };
    const expected = {
      modern: { era: 'modern' },
      sse: { transport: 'sse' },
      sessions: { transport: 'http', era: 'legacy' },
    };
    expect(pools).toMatchObject([expected[kind]]);
    for (let n = 0; n < 9; n++) expect(await call(`run-${n}`)).toMatchObject({ ok: true });
    expect(new Set(portsOf('run-')).size).toBe(3);

    // a session stays with its instance, where there are sessions
    for (let n = 0; n < 6; n++) expect(await call(`mine-${n}`, {}, client)).toMatchObject({ ok: true });
    expect(new Set(portsOf('mine-')).size).toBe(kind === 'modern' ? 3 : 1);

    const reply = call('killed', { firstMs: FOR_EVER }, client);
    await until(() => expect(portsOf('killed')).toHaveLength(1));
    const [port] = portsOf('killed');
    await instances.all.find((instance) => instance.port === port)!.kill();
    expect(await reply).toMatchObject({ ok: true });
    for (let n = 0; n < 4; n++) expect(await call(`after-${n}`, {}, client)).toMatchObject({ ok: true });
    expect(portsOf('after-')).not.toContain(port);
  });
});

import { newId, type SafetyClass } from '@signalbox/contracts';
import { evolveCall, type CallView } from '@signalbox/domain/call';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definition, Harness, until } from '../../../test/harness.js';
import { startInstances, type Instances } from '../../../test/instances.js';

/** Longer than any test waits. */
const FOR_EVER = 60_000;

let instances: Instances;
let executor: Harness;
beforeAll(async () => {
  instances = await startInstances(2);
  const at = (name: string, urls: readonly string[], hedge: object) => {
    const list = urls.map((url) => ({ url, weight: 1, tags: [] }));
    const target = { kind: 'http', url: list[0]!.url, instances: list, headers: {} } as const;
    return definition(name, target, { balancing: { policy: 'round-robin', hedge } });
  };
  // a busy machine is not to be taken for an ill instance
  const ping = { intervalMs: FOR_EVER, timeoutMs: FOR_EVER };
  const section = { ping, recovery: { retryBudget: 0.001, retryBurst: 25 } };
  const servers = [
    at('many', instances.urls, { afterMs: 50 }),
    at('one', [instances.urls[0]!], { afterMs: 50 }),
    at('measured', instances.urls, { percentile: 90 }),
  ];
  executor = await Harness.start(servers, section);
  for (const { name } of servers) {
    await until(async () => expect(await call(name, `first-${name}`)).toMatchObject({ reply: { ok: true } }));
  }
});
afterAll(async () => {
  await executor?.stop();
  await instances?.[Symbol.asyncDispose]();
});

/** @param name of the call; a second try of a test has others */
function begin(server: string, name: string, args: object, safetyClass: SafetyClass) {
  const callId = newId();
  const id = `${name}-${callId}`;
  const options = { callId, safetyClass, deadlineMs: FOR_EVER };
  return { callId, id, reply: executor.call(server, 'slow', { id, ...args }, options) };
}
async function call(server: string, name: string, args: object = {}, safetyClass: SafetyClass = 'read') {
  const { callId, id, reply } = begin(server, name, args, safetyClass);
  return { callId, reply: await reply, ports: portsOf(id) };
}
const portsOf = (id: string) => instances.runs().flatMap((run) => (run.id === id ? run.port : []));
const hedges = async (server: string, result: string) => {
  const text = await (await fetch(`${executor.service.url}/metrics`)).text();
  const line = text
    .split('\n')
    .find(
      (one) => /^signalbox_hedges_total\{/.test(one) && [server, result].every((label) => one.includes(`"${label}"`)),
    );
  return Number(line?.split(' ').at(-1) ?? 0);
};
/** The call as the log tells it, once all its attempts have ended. */
const told = (callId: string) =>
  until(async () => {
    let view: CallView | undefined;
    for (const event of await executor.events({ correlationId: callId })) view = evolveCall(view, event);
    for (const { endedAt } of view!.attempts) expect(endedAt).toBeDefined();
    return view!;
  });

it.each([
  ['of another class', 'many', 'idempotent'],
  ['of another class', 'many', 'unsafe'],
  ['of a server with one instance', 'one', 'read'],
] as const)('a call %s is sent once (%s, %s)', async (_, server, safetyClass) => {
  const { reply, ports } = await call(server, `${server}-${safetyClass}`, { ms: 500 }, safetyClass);
  expect(reply).toMatchObject({ ok: true });
  expect(ports).toHaveLength(1);
});

describe('a read that takes long', () => {
  it('is sent to another instance as well, and the first good answer counts', async () => {
    const before = await hedges('many', 'won');
    const { callId, reply, ports } = await call('many', 'slow', { firstMs: FOR_EVER });
    expect(reply).toMatchObject({ ok: true });
    expect(ports).toHaveLength(2);
    expect(new Set(ports).size).toBe(2);
    expect(reply).toMatchObject({ result: { content: [{ text: String(ports[1]) }] } });
    expect(await told(callId)).toMatchObject({
      state: 'completed',
      attempts: [
        { attempt: 1, state: 'cancelled', reason: 'attempt 2 answered first' },
        { attempt: 2, state: 'completed', hedge: true },
      ],
    });
    const cancelled = await executor.events({ correlationId: callId, type: 'tool.call.cancelled' });
    expect(cancelled).toMatchObject([{ data: { attempt: 1, overtakenBy: 2 } }]);
    await until(async () => expect(await hedges('many', 'won')).toBeGreaterThan(before));
  });

  it('is answered by the first instance when that is faster after all', async () => {
    const before = await hedges('many', 'lost');
    const { callId, reply, ports } = await call('many', 'slower', { firstMs: 2_000, ms: FOR_EVER });
    expect(ports).toHaveLength(2);
    expect(reply).toMatchObject({ ok: true, result: { content: [{ text: String(ports[0]) }] } });
    expect(await told(callId)).toMatchObject({
      state: 'completed',
      attempts: [{ state: 'completed' }, { state: 'cancelled', reason: 'attempt 1 answered first' }],
    });
    await until(async () => expect(await hedges('many', 'lost')).toBeGreaterThan(before));
  });

  it('is cancelled at both when its client cancels it', async () => {
    const { callId, id, reply } = begin('many', 'cancelled', { ms: FOR_EVER }, 'read');
    await until(() => expect(portsOf(id)).toHaveLength(2));
    await executor.control({ kind: 'cancel', requestId: callId, reason: 'enough' });
    expect(await reply).toMatchObject({ ok: false, error: { message: 'cancelled: enough' } });
    expect(await told(callId)).toMatchObject({
      state: 'cancelled',
      attempts: [{ reason: 'enough' }, { reason: 'enough' }],
    });
  });

  it('is as long as most calls of its tool take before it is sent again, where that is wanted', async () => {
    for (let n = 0; n < 25; n++) await call('measured', `quick-${n}`);
    const { reply, ports } = await call('measured', 'unlike-them', { firstMs: FOR_EVER });
    expect(reply).toMatchObject({ ok: true });
    expect(ports).toHaveLength(2);
  });

  it('is not sent again beyond the retry budget', async () => {
    // how many were made before depends on the machine
    for (let n = 0; n < 30; n++) {
      if ((await hedges('many', 'no_budget')) > 0) break;
      await call('many', `spent-${n}`, { firstMs: 500 });
    }
    expect(await hedges('many', 'no_budget')).toBeGreaterThan(0);
    const { reply, ports } = await call('many', 'last', { firstMs: 1_000 });
    expect(reply).toMatchObject({ ok: true });
    expect(ports).toHaveLength(1);
  });
});

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEvent, newId, pinnedStream, type ExecuteReply, type SafetyClass } from '@signalbox/contracts';
import type { InstanceLeases } from '@signalbox/ports';
import { nodeTarget } from '@signalbox/testing/mcp-servers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { definition, Harness, openPorts, until, type OpenPorts } from '../../../test/harness.js';

const SERVER = fileURLToPath(new URL('../../../test/counting-server.mjs', import.meta.url));
const CLASSES = ['read', 'idempotent', 'keyed', 'unsafe'] as const;

let folder: string;
let ports: OpenPorts & { leases: InstanceLeases };
let gone: Set<string>;
let executors: Harness[];
let recovery: object;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-recover-'));
  gone = new Set();
  executors = [];
  recovery = { sweepMs: 50, requeueAfterMs: 100, graceMs: 200, followMs: 20 };
  const names = ['tool-executor-1', 'tool-executor-2', 'gateway-1'];
  const opened = await openPorts();
  // stands in for leases that run out while their holder is paused: here the holder runs on in this process
  const leases: InstanceLeases = {
    acquire: () => Promise.reject(new Error('names are given by the spec')),
    holders: async () => names.map((name) => ({ name, epoch: 1, expiresAt: 0, live: !gone.has(name) })),
    close: async () => undefined,
  };
  ports = Object.assign(opened, { leases });
});
afterEach(async () => {
  for (const executor of executors) await executor.stopService();
  await ports.close();
  rmSync(folder, { recursive: true, force: true });
});

async function startExecutor(number: number): Promise<Harness> {
  // `ahead`: a copy that comes as a first delivery is to wait for its claim too
  const settings = { pool: { min: 1, max: 4 }, tools: { slow: { durability: 'ahead' } } };
  const servers = [definition('counting', nodeTarget(SERVER, [join(folder, 'runs')]), settings)];
  const executor = await Harness.start(servers, { recovery }, ports, `tool-executor-${number}`);
  executors.push(executor);
  return executor;
}
const runsOf = (callId: string): number => {
  try {
    return readFileSync(join(folder, 'runs'), 'utf8')
      .split('\n')
      .filter((line) => line === callId).length;
  } catch {
    return 0;
  }
};
const storyOf = async (callId: string) => {
  const { items } = await ports.events.find({ correlationId: callId, limit: 100 });
  return items.map(({ event }) => {
    const { attempt } = event.data as { attempt?: number };
    return `${event.type.slice('tool.call.'.length)} ${attempt ?? ''}`.trim();
  });
};
const textOf = (reply: ExecuteReply) =>
  reply.ok ? (reply.result as { content: { text: string }[] }).content[0]!.text : `error: ${reply.error.message}`;
const slow = (executor: Harness, callId: string, safetyClass: SafetyClass, ms: number, deadlineMs = 15_000) =>
  executor.call('counting', 'slow', { id: callId, ms }, { callId, safetyClass, deadlineMs });

async function requested(callId: string, more: object = {}): Promise<void> {
  const event = createEvent('tool.call.requested', {
    callId,
    server: 'counting',
    tool: 'slow',
    calledAs: 'counting__slow',
    safetyClass: 'unsafe',
    arguments: { id: callId, ms: 0 },
    principal: 'anna',
    via: 'rest',
    deadline: new Date(Date.now() + 10_000).toISOString(),
    ...more,
  });
  await ports.events.append({
    stream: pinnedStream('call', 'gateway-1', callId),
    expectedVersion: 0,
    events: [event],
    commitId: `${callId}.requested`,
    metadata: { actor: 'gateway-1', correlationId: callId },
  });
}

describe('a command that comes again', () => {
  it('waits for the executor that has it, and is answered with the recorded result', async () => {
    const first = await startExecutor(1);
    const callId = newId();
    const original = slow(first, callId, 'unsafe', 600);
    await until(() => expect(runsOf(callId)).toBe(1));
    await startExecutor(2);
    // one goes to each of the two
    const again = await Promise.all([slow(first, callId, 'unsafe', 600), slow(first, callId, 'unsafe', 600)]);
    expect(textOf(await original)).toBe(`ran ${callId}`);
    for (const reply of again) {
      expect(reply).toMatchObject({ ok: true, result: { _meta: { 'io.signalbox/replayed': true } } });
      expect(textOf(reply)).toBe(`ran ${callId}`);
    }
    expect(await storyOf(callId)).toEqual(['started 1', 'completed 1']);
    expect(runsOf(callId)).toBe(1);
  });

  it.each(CLASSES)('whose executor is gone after it has started: %s', async (safetyClass) => {
    const first = await startExecutor(1);
    const callId = newId();
    // long enough for the second executor to be there before it ends, on a machine that is busy too
    const original = slow(first, callId, safetyClass, 4_000).catch((error: Error) => error);
    await until(() => expect(runsOf(callId)).toBe(1));
    await until(async () => expect(await storyOf(callId)).toEqual(['started 1']));
    await startExecutor(2);
    gone.add('tool-executor-1');
    const copies = [slow(first, callId, safetyClass, 0), slow(first, callId, safetyClass, 0)];
    const reply = await Promise.race(copies);
    if (safetyClass === 'unsafe') {
      expect(textOf(reply)).toMatch(/outcome of call .* is unknown.*tool-executor-1.*not run again/);
      expect(reply).toMatchObject({ ok: false, retryable: false });
    } else expect(textOf(reply)).toBe(`ran ${callId}`);
    await Promise.all([original, ...copies]);
    const story = await storyOf(callId);
    const ends = safetyClass === 'unsafe' ? ['outcome_unknown 1'] : ['failed 1', 'started 2', 'completed 2'];
    expect(story).toEqual(['started 1', ...ends, 'late_result 1']);
    expect(runsOf(callId)).toBe(safetyClass === 'unsafe' ? 1 : 2);
  });

  it('of which nothing was sent is run by another, whatever its class; the first can start it no more', async () => {
    const callId = newId();
    const executor = await startExecutor(2);
    gone.add('tool-executor-1');
    // the claim without a start, as a store leaves it whose claims are inserted first
    const other = createEvent('session.closed', { sessionId: callId, reason: 'idle' });
    await ports.events.append({
      stream: pinnedStream('session', 'tool-executor-1', newId()),
      expectedVersion: 0,
      events: [other],
      commitId: `${callId}.1.started.other-run`,
      claims: [`attempt:${callId}:1`],
      metadata: { actor: 'tool-executor-1', correlationId: newId() },
    });
    expect(textOf(await slow(executor, callId, 'unsafe', 0))).toBe(`ran ${callId}`);
    expect(await storyOf(callId)).toEqual(['failed 1', 'started 2', 'completed 2']);
    const blocked = await ports.events.readStream(pinnedStream('attempt', 'tool-executor-1', `${callId}.1`));
    expect(blocked).toHaveLength(1);
  });

  it('is not run again when the retry budget is used up', async () => {
    recovery = { ...recovery, retryBudget: 0 };
    const first = await startExecutor(1);
    const callId = newId();
    // longer than another executor takes to start on a busy machine
    const original = slow(first, callId, 'read', 4_000).catch(() => undefined);
    await until(() => expect(runsOf(callId)).toBe(1));
    await until(async () => expect(await storyOf(callId)).toEqual(['started 1']));
    await startExecutor(2);
    gone.add('tool-executor-1');
    const replies = await Promise.all([slow(first, callId, 'read', 0), slow(first, callId, 'read', 0)]);
    for (const reply of replies) expect(textOf(reply)).toContain('retry budget');
    await original;
    expect(runsOf(callId)).toBe(1);
  });
});

describe('the start after a kill', () => {
  it.each([
    ['unsafe', 10_000, 'outcome_unknown 1'],
    ['read', 10_000, 'failed 1'],
    ['read', -1, 'outcome_unknown 1'],
  ] as const)('ends what an earlier run had started: %s, deadline in %i ms', async (safetyClass, inMs, outcome) => {
    const callId = newId();
    await requested(callId, { safetyClass, deadline: new Date(Date.now() + inMs).toISOString() });
    const data = { callId, attempt: 1, server: 'counting', tool: 'slow', executor: 'tool-executor-1', waitedMs: 0 };
    await ports.events.append({
      stream: pinnedStream('attempt', 'tool-executor-1', `${callId}.1`),
      expectedVersion: 0,
      events: [createEvent('tool.call.started', data)],
      commitId: `${callId}.1.started.other-run`,
      claims: [`attempt:${callId}:1`],
      metadata: { actor: 'tool-executor-1', correlationId: callId },
    });
    await startExecutor(1);
    await until(async () => expect(await storyOf(callId)).toEqual(['requested', 'started 1', outcome]));
    expect(runsOf(callId)).toBe(0);
  });
});

describe('the sweeper', () => {
  it('ends what an executor that is gone had started, when nobody sends it again', async () => {
    const first = await startExecutor(1);
    const callId = newId();
    await requested(callId, { arguments: { id: callId, ms: 1_000 } });
    const original = slow(first, callId, 'unsafe', 1_000).catch(() => undefined);
    await until(() => expect(runsOf(callId)).toBe(1));
    await startExecutor(2);
    gone.add('tool-executor-1');
    // the leader may be the first of them, which knows that it runs the call itself: it resigns
    await executors.shift()!.stopService();
    await original;
    await until(async () => expect(await storyOf(callId)).toHaveLength(3));
    expect(runsOf(callId)).toBe(1);
  });

  it('expires what nobody claimed, once', async () => {
    const callId = newId();
    await startExecutor(1);
    await requested(callId, { deadline: new Date(Date.now() + 100).toISOString() });
    await until(async () => expect(await storyOf(callId)).toEqual(['requested', 'expired 1']));
  });

  it('sends again what its gateway cannot, and the log has whole', async () => {
    const [whole, redacted] = [newId(), newId()];
    await startExecutor(1);
    gone.add('gateway-1');
    await requested(redacted, { arguments: { id: redacted, password: '[redacted]' } });
    await requested(whole);
    await until(async () => expect(await storyOf(whole)).toEqual(['requested', 'started 1', 'completed 1']));
    expect([runsOf(whole), runsOf(redacted)]).toEqual([1, 0]);
    expect(await storyOf(redacted)).toEqual(['requested']);
  });

  it('leaves to a gateway that lives what it still waits for', async () => {
    const callId = newId();
    await startExecutor(1);
    await requested(callId);
    const marker = newId();
    await requested(marker, { deadline: new Date(Date.now() + 100).toISOString() });
    await until(async () => expect(await storyOf(marker)).toContain('expired 1'));
    expect(await storyOf(callId)).toEqual(['requested']);
  });
});

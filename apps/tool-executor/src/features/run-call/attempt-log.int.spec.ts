import { createEvent, newId, newTraceparent, pinnedStream } from '@signalbox/contracts';
import { SqliteEventStore } from '@signalbox/adapter-embedded';
import { ClaimConflictError, VersionConflictError } from '@signalbox/ports';
import { EventLog } from '@signalbox/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AttemptLog } from './attempt-log.js';

let store: SqliteEventStore;
beforeEach(async () => {
  store = await SqliteEventStore.open(':memory:');
});
afterEach(() => store.close());

function attemptLog(callId: string, executor = 'tool-executor-1', progressGapMs = 60_000) {
  const appends: Promise<unknown>[] = [];
  const log = new AttemptLog(
    new EventLog(store, { service: 'tool-executor', actor: executor }),
    { callId, attempt: 1, tool: 't', safetyClass: 'unsafe', requestedAt: Date.now() },
    {
      executor,
      traceparent: newTraceparent(),
      run: newId(),
      progressGapMs,
      background: (append) => appends.push(append),
    },
  );
  return { log, settled: () => Promise.all(appends) };
}

const eventsOf = async (callId: string) =>
  (await store.find({ correlationId: callId })).items.map(({ event }) => event);
const result = { kind: 'complete', result: {}, isError: false, durationMs: 1.5 } as const;

describe('AttemptLog', () => {
  it('writes the first progress at once, and the last with the outcome', async () => {
    const callId = newId();
    const { log, settled } = attemptLog(callId);
    await log.started('s', 2);
    for (let progress = 0; progress < 10; progress++) log.progressed({ progress, total: 9 });
    await settled();
    await log.ended(result);
    const events = await eventsOf(callId);
    expect(events.map(({ type, data }) => [type, (data as { progress?: number }).progress])).toEqual([
      ['tool.call.started', undefined],
      ['tool.call.progressed', 0],
      ['tool.call.progressed', 9],
      ['tool.call.completed', undefined],
    ]);
    expect(events.at(-1)!.position).toBe(events.at(-2)!.position);
  });

  it('lets one executor have an attempt, and one run of it', async () => {
    const callId = newId();
    await attemptLog(callId).log.started('s', 0);
    await expect(attemptLog(callId, 'tool-executor-2').log.started('s', 0)).rejects.toBeInstanceOf(ClaimConflictError);
    await expect(attemptLog(callId).log.started('s', 0)).rejects.toThrow();
    expect(await eventsOf(callId)).toHaveLength(1);
  });

  it('claims an attempt that ends before it starts', async () => {
    const callId = newId();
    await attemptLog(callId).log.ended({ kind: 'cancel', reason: 'early', durationMs: 0 });
    await expect(attemptLog(callId, 'tool-executor-2').log.started('s', 0)).rejects.toBeInstanceOf(ClaimConflictError);
  });

  it('brings what comes too late into a stream of its own, and leaves the outcome as it is', async () => {
    const callId = newId();
    const { log } = attemptLog(callId);
    await log.started('s', 0);
    const unknown = createEvent('tool.call.outcome_unknown', { callId, attempt: 1, reason: 'lost', durationMs: 1 });
    await store.append({
      stream: pinnedStream('attempt', 'tool-executor-1', `${callId}.1`),
      expectedVersion: 1,
      events: [unknown],
      commitId: `${callId}.1.lost`,
      metadata: { actor: 'tool-executor-2', correlationId: callId },
    });
    await expect(log.ended(result)).rejects.toBeInstanceOf(VersionConflictError);
    const events = await eventsOf(callId);
    expect(events.map(({ type }) => type)).toEqual([
      'tool.call.started',
      'tool.call.outcome_unknown',
      'tool.call.late_result',
    ]);
    expect(events[2]).toMatchObject({
      stream: pinnedStream('attempt', 'tool-executor-1', `${callId}.1.late`),
      data: { callId, attempt: 1, result: {}, isError: false, durationMs: 1.5 },
    });
  });

  it('writes the outcome although a progress before it did not get into the log', async () => {
    const callId = newId();
    const { log, settled } = attemptLog(callId, 'tool-executor-1', 0);
    await log.started('s', 0);
    log.progressed({ progress: NaN });
    await settled().catch(() => undefined);
    await log.ended(result);
    expect((await eventsOf(callId)).map(({ type }) => type)).toEqual(['tool.call.started', 'tool.call.completed']);
  });

  it('takes no progress before the start or after the end', async () => {
    const callId = newId();
    const { log, settled } = attemptLog(callId, 'tool-executor-1', 0);
    log.progressed({ progress: 1 });
    await log.started('s', 0);
    await log.ended(result);
    log.progressed({ progress: 2 });
    await settled();
    expect((await eventsOf(callId)).map(({ type }) => type)).toEqual(['tool.call.started', 'tool.call.completed']);
  });
});

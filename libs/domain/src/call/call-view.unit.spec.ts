import type { RecordedEvent } from '@signalbox/contracts';
import { recorded } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { evolveCall, type CallView } from './call-view.js';

const callId = '01K8';
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const at = (ms: number): string => new Date(Date.UTC(2026, 0, 1) + ms).toISOString();
const byGateway = (ms: number) => ({ partition: 'gateway-1', actor: 'gateway-1', time: at(ms), traceparent });
const byExecutor = (ms: number) => ({
  partition: 'tool-executor-1',
  actor: 'tool-executor-1',
  time: at(ms),
  traceparent,
});

const requested = recorded(
  'tool.call.requested',
  {
    callId,
    server: 'files',
    tool: 'read',
    calledAs: 'files__read',
    definitionHash: 'abc',
    safetyClass: 'read',
    arguments: { path: '/x' },
    principal: 'anna',
    via: 'mcp',
    sessionId: 's1',
    client: { name: 'ide', version: '1' },
    deadline: at(60_000),
  },
  byGateway(0),
);
const started = (attempt: number, ms: number, executor = 'tool-executor-1') =>
  recorded(
    'tool.call.started',
    { callId, attempt, server: 'files', tool: 'read', executor, waitedMs: 2 },
    byExecutor(ms),
  );
const progressed = recorded('tool.call.progressed', { callId, attempt: 1, progress: 1, total: 4 }, byExecutor(5));
const completed = (attempt: number, ms: number) =>
  recorded(
    'tool.call.completed',
    { callId, attempt, result: { content: [] }, isError: true, durationMs: 8 },
    byExecutor(ms),
  );
const failed = (attempt: number, ms: number) =>
  recorded(
    'tool.call.failed',
    { callId, attempt, error: { code: -32000, message: 'gone' }, retryable: true, durationMs: 3 },
    byExecutor(ms),
  );

const overtaken = (attempt: number, ms: number) =>
  recorded('tool.call.cancelled', { callId, attempt, overtakenBy: 3 - attempt, durationMs: 3 }, byExecutor(ms));

const fold = (events: readonly RecordedEvent[]): CallView | undefined =>
  events.reduce<CallView | undefined>(evolveCall, undefined);

/** Every way to interleave lists without changing the order inside of any. */
function interleavings<T>(...lists: (readonly T[])[]): T[][] {
  const filled = lists.filter((list) => list.length > 0);
  if (filled.length === 0) return [[]];
  return filled.flatMap((list) =>
    interleavings(...filled.map((other) => (other === list ? other.slice(1) : other))).map((rest) => [
      list[0]!,
      ...rest,
    ]),
  );
}

describe('evolveCall', () => {
  it('tells the whole story of a call that completed', () => {
    expect(fold([requested, started(1, 2), progressed, completed(1, 10)])).toEqual({
      callId,
      state: 'completed',
      server: 'files',
      tool: 'read',
      calledAs: 'files__read',
      definitionHash: 'abc',
      safetyClass: 'read',
      principal: 'anna',
      via: 'mcp',
      sessionId: 's1',
      client: { name: 'ide', version: '1' },
      gateway: 'gateway-1',
      executor: 'tool-executor-1',
      requestedAt: at(0),
      deadline: at(60_000),
      startedAt: at(2),
      endedAt: at(10),
      durationMs: 8,
      totalMs: 10,
      isError: true,
      arguments: { path: '/x' },
      result: { content: [] },
      traceId: '0af7651916cd43dd8448eb211c80319c',
      attempts: [
        {
          attempt: 1,
          state: 'completed',
          executor: 'tool-executor-1',
          startedAt: at(2),
          waitedMs: 2,
          endedAt: at(10),
          durationMs: 8,
          progress: { progress: 1, total: 4 },
        },
      ],
    });
  });

  it('is the same for every interleaving of the partitions', () => {
    const gateway = [requested];
    const first = [started(1, 2), failed(1, 5)];
    const second = [started(2, 6, 'tool-executor-2'), completed(2, 12)];
    const all = interleavings<RecordedEvent>(gateway, first, second);
    expect(all).toHaveLength(30);
    const expected = fold(all[0]!);
    expect(expected).toMatchObject({
      state: 'completed',
      executor: 'tool-executor-2',
      startedAt: at(2),
      endedAt: at(12),
    });
    for (const events of all) expect(fold(events)).toEqual(expected);
  });

  it('is requested, then running, then what the outcome says', () => {
    expect(fold([requested])).toMatchObject({ state: 'requested', attempts: [] });
    expect(fold([requested, started(1, 2)])).toMatchObject({ state: 'running' });
    expect(fold([started(1, 2)])).toMatchObject({ state: 'running', server: 'files', tool: 'read' });
    expect(fold([requested, started(1, 2), failed(1, 5)])).toMatchObject({
      state: 'failed',
      error: { message: 'gone' },
    });
  });

  it('runs again, without the error of the former attempt, when another attempt has begun', () => {
    const call = fold([requested, started(1, 2), failed(1, 5), started(2, 6)]);
    expect(call).toMatchObject({ state: 'running' });
    expect(call?.error).toBeUndefined();
    expect(call?.endedAt).toBeUndefined();
    expect(call?.attempts.map(({ state }) => state)).toEqual(['failed', 'running']);
  });

  it.each([
    [recorded('tool.call.cancelled', { callId, attempt: 1, reason: 'bored', durationMs: 1 }, byGateway(3)), 'bored'],
    [recorded('tool.call.expired', { callId, attempt: 1, deadline: at(3), durationMs: 1 }, byGateway(3)), undefined],
    [
      recorded('tool.call.outcome_unknown', { callId, attempt: 1, reason: 'lost', durationMs: 1 }, byExecutor(3)),
      'lost',
    ],
  ] as const)('ends with its reason: %#', (event, reason) => {
    const call = fold([requested, event]);
    expect(call?.state).toBe(event.type.slice('tool.call.'.length));
    expect(call?.reason).toBe(reason);
  });

  it('stays ended when the start is heard after the outcome', () => {
    expect(fold([completed(1, 10), started(1, 2)])).toMatchObject({ state: 'completed', startedAt: at(2) });
  });

  it('keeps the first outcome, and lists what came too late, in any interleaving', () => {
    const lost = recorded(
      'tool.call.outcome_unknown',
      { callId, attempt: 1, reason: 'lost', durationMs: 1 },
      byExecutor(3),
    );
    const late = recorded(
      'tool.call.late_result',
      { callId, attempt: 1, result: { content: ['late'] }, isError: false, durationMs: 9 },
      byExecutor(20),
    );
    for (const events of interleavings<RecordedEvent>([requested], [started(1, 2), lost, completed(1, 10)], [late])) {
      const call = fold(events);
      expect(call).toMatchObject({ state: 'outcome_unknown', endedAt: at(3), reason: 'lost' });
      expect(call?.result).toBeUndefined();
      expect(call?.lateResults).toEqual([
        {
          attempt: 1,
          executor: 'tool-executor-1',
          time: at(20),
          result: { content: ['late'] },
          isError: false,
          durationMs: 9,
        },
      ]);
    }
  });

  it('does not change for events of other kinds', () => {
    const call = fold([requested]);
    expect(evolveCall(call, recorded('session.closed', { sessionId: 's1', reason: 'idle' }))).toBe(call);
  });
});

it.each([1, 2])('a hedged call is where the attempt is that completed it: %i', (faster) => {
  const own = [started(1, 1), started(2, 5), completed(faster, 9), overtaken(3 - faster, 10)];
  for (const events of interleavings<RecordedEvent>([requested], own)) {
    const view = fold(events)!;
    expect(view).toMatchObject({ state: 'completed', durationMs: 8, startedAt: at(1), endedAt: at(9) });
    expect(view.attempts.map(({ state }) => state)).toEqual(
      faster === 1 ? ['completed', 'cancelled'] : ['cancelled', 'completed'],
    );
  }
});

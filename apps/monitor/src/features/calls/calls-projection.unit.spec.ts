import { givenProjection, recorded } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { foldCall, isCallEvent, type CallSummary } from './call-summary.js';
import { CALLS, callsProjection } from './calls-projection.js';

const ids = { callId: '01CALL', attempt: 1 };
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const requested = recorded(
  'tool.call.requested',
  {
    callId: '01CALL',
    server: 'files',
    tool: 'read',
    calledAs: 'files__read',
    safetyClass: 'read',
    arguments: {},
    principal: 'alice',
    via: 'mcp',
    deadline: '2026-01-01T00:01:00.000Z',
  },
  { time: '2026-01-01T00:00:00.000Z', traceparent },
);
const started = (attempt: number, time: string) =>
  recorded(
    'tool.call.started',
    { ...ids, attempt, server: 'files', tool: 'read', executor: 'e', waitedMs: 1 },
    { time },
  );
const failed = (attempt: number, time: string) =>
  recorded(
    'tool.call.failed',
    { ...ids, attempt, error: { code: -32000, message: 'gone' }, retryable: true, durationMs: 5 },
    { time },
  );
const completed = (attempt: number, time: string, isError = false) =>
  recorded('tool.call.completed', { ...ids, attempt, result: {}, isError, durationMs: 7 }, { time });

const about = {
  _id: '01CALL',
  server: 'files',
  tool: 'read',
  calledAs: 'files__read',
  principal: 'alice',
  via: 'mcp',
  safetyClass: 'read',
  requestedAt: '2026-01-01T00:00:00.000Z',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
};
const [t1, t2, t3, t4] = [1, 2, 3, 4].map((second) => `2026-01-01T00:00:0${second}.000Z`) as [
  string,
  string,
  string,
  string,
];

describe('the projection of calls', () => {
  it('has a call that waits', () =>
    givenProjection(callsProjection)
      .when(requested)
      .then({ [CALLS]: [{ ...about, state: 'requested', attempt: 0 }] }));

  it('has a call that runs', () =>
    givenProjection(callsProjection, [requested])
      .when(started(1, t1))
      .then({ [CALLS]: [{ ...about, state: 'running', attempt: 1, startedAt: t1, waitedMs: 1 }] }));

  it('has a tool that reports an error as completed, with isError', () =>
    givenProjection(callsProjection, [requested, started(1, t1)])
      .when(completed(1, t2, true))
      .then({
        [CALLS]: [
          {
            ...about,
            state: 'completed',
            isError: true,
            attempt: 1,
            startedAt: t1,
            waitedMs: 1,
            finishedAt: t2,
            durationMs: 7,
          },
        ],
      }));

  it('has the last attempt of a call that was tried again', () =>
    givenProjection(callsProjection, [requested, started(1, t1), failed(1, t2)])
      .when(started(2, t3), completed(2, t4))
      .then({
        [CALLS]: [
          {
            ...about,
            state: 'completed',
            isError: false,
            attempt: 2,
            startedAt: t3,
            waitedMs: 1,
            finishedAt: t4,
            durationMs: 7,
          },
        ],
      }));

  it('runs again while a second attempt runs, without the outcome of the first', () =>
    givenProjection(callsProjection, [requested, started(1, t1), failed(1, t2)])
      .when(started(2, t3))
      .then({ [CALLS]: [{ ...about, state: 'running', attempt: 2, startedAt: t3, waitedMs: 1 }] }));

  it('comes to the same whichever partition is read first', () => {
    const attempts = [started(1, t1), failed(1, t2), started(2, t3), completed(2, t4)];
    const orders = [0, 1, 2, 3, 4].map((at) => attempts.toSpliced(at, 0, requested as never));
    const ends = orders.map((events) =>
      events.filter(isCallEvent).reduce<CallSummary | undefined>((call, event) => foldCall(call, event), undefined),
    );
    for (const end of ends) expect(end).toEqual(ends[0]);
  });

  it('bounds the text of an error', () => {
    const event = recorded('tool.call.failed', {
      ...ids,
      error: { code: 1, message: 'x'.repeat(10_000) },
      retryable: false,
      durationMs: 0,
    });
    expect(foldCall(undefined, event).error).toHaveLength(300);
  });

  it.each([
    ['tool.call.cancelled', { ...ids, reason: 'by the client', durationMs: 1 }, 'cancelled'],
    ['tool.call.expired', { ...ids, deadline: t1, durationMs: 1 }, 'expired'],
    ['tool.call.outcome_unknown', { ...ids, reason: 'the executor died', durationMs: 1 }, 'outcome_unknown'],
  ] as const)('takes %s as an end without success', (type, data, state) => {
    expect(foldCall(undefined, recorded(type, data as never) as never)).toMatchObject({ state, isError: true });
  });
});

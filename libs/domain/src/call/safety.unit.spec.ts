import { SAFETY_CLASSES } from '@signalbox/contracts';
import { recorded } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { attemptDecider, type AttemptEvent } from './attempt.js';
import {
  afterLostAttempt,
  closingOf,
  lostAttemptOf,
  MAX_ATTEMPTS,
  type LostAttempt,
  type RetryVerdict,
} from './safety.js';

const inTime = { now: 1000, deadline: 2000 };
const late = { now: 2000, deadline: 2000 };

describe('after the loss of an attempt that was never started', () => {
  it.each(SAFETY_CLASSES)('any class goes on: %s', (safetyClass) => {
    expect(afterLostAttempt(safetyClass, { attempt: 1, started: false }, inTime)).toEqual({ retry: true, attempt: 2 });
  });

  it('expires at the deadline', () => {
    expect(afterLostAttempt('read', { attempt: 1, started: false }, late)).toMatchObject({
      retry: false,
      outcome: 'expired',
    });
  });

  it('fails when all attempts are used up', () => {
    expect(afterLostAttempt('unsafe', { attempt: MAX_ATTEMPTS, started: false }, inTime)).toMatchObject({
      retry: false,
      outcome: 'failed',
    });
  });
});

describe('after the loss of an attempt that may have reached the upstream server', () => {
  it.each(['read', 'idempotent', 'keyed'] as const)('%s goes on', (safetyClass) => {
    expect(afterLostAttempt(safetyClass, { attempt: 2, started: true }, inTime)).toEqual({ retry: true, attempt: 3 });
  });

  it.each([inTime, late])('unsafe is never run again', (time) => {
    expect(afterLostAttempt('unsafe', { attempt: 1, started: true }, time)).toMatchObject({
      retry: false,
      outcome: 'outcome_unknown',
    });
  });

  it.each([
    [1, late],
    [MAX_ATTEMPTS, inTime],
  ] as const)('nobody claims to know the outcome (attempt %i)', (attempt, time) => {
    expect(afterLostAttempt('read', { attempt, started: true }, time)).toMatchObject({
      retry: false,
      outcome: 'outcome_unknown',
    });
  });
});

describe('the retry budget', () => {
  const spent = { ...inTime, hasBudget: false };

  it('ends a call that may have run, when it is used up', () => {
    expect(afterLostAttempt('read', { attempt: 1, started: true }, spent)).toMatchObject({
      retry: false,
      outcome: 'outcome_unknown',
      reason: expect.stringContaining('retry budget'),
    });
  });

  it('is not asked for what was never sent', () => {
    expect(afterLostAttempt('unsafe', { attempt: 1, started: false }, spent)).toMatchObject({ retry: true });
  });
});

describe('what closes a lost attempt', () => {
  const call = { callId: '01K8', executor: 'tool-executor-2', deadline: 2000, durationMs: 5 };
  const started = recorded('tool.call.started', {
    callId: '01K8',
    attempt: 1,
    server: 's',
    tool: 't',
    executor: 'tool-executor-2',
    waitedMs: 0,
  }) as unknown as AttemptEvent;

  it.each([
    [{ retry: true, attempt: 2 }, true, 'tool.call.failed'],
    [{ retry: true, attempt: 2 }, false, 'tool.call.failed'],
    [{ retry: false, outcome: 'failed', reason: 'r' }, false, 'tool.call.failed'],
    [{ retry: false, outcome: 'expired', reason: 'r' }, false, 'tool.call.expired'],
    [{ retry: false, outcome: 'outcome_unknown', reason: 'r' }, true, 'tool.call.outcome_unknown'],
  ] as const)('%o, started: %s → %s', (verdict: RetryVerdict, wasStarted, type) => {
    const lost: LostAttempt = { attempt: 1, started: wasStarted };
    const before = wasStarted ? attemptDecider.evolve(attemptDecider.initial, started) : attemptDecider.initial;
    const [event] = attemptDecider.decide(closingOf(verdict, lost, call), before);
    expect(event!.type).toBe(type);
    if (event!.type !== 'tool.call.failed') return;
    expect(event!.data).toMatchObject({ retryable: true, error: { message: expect.stringContaining(call.executor) } });
    expect(lostAttemptOf(recorded('tool.call.failed', event!.data))).toEqual(lost);
  });

  it('is not mistaken for the failure of a tool', () => {
    const failed = { callId: '01K8', attempt: 1, error: { code: 1, message: 'm' }, retryable: true, durationMs: 1 };
    expect(lostAttemptOf(recorded('tool.call.failed', failed))).toBeUndefined();
    expect(lostAttemptOf(recorded('session.closed', { sessionId: 's', reason: 'idle' }))).toBeUndefined();
  });
});

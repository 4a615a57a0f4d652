import type { RecordedEvent } from '@signalbox/contracts';
import { recorded } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { evolveAnswer, finalOutcome, NO_ANSWER, type CallAnswer } from './call-answer.js';

const callId = '01K8';
const T0 = Date.UTC(2026, 0, 1);
const at = (ms: number): string => new Date(T0 + ms).toISOString();
const requested = (safetyClass: 'read' | 'unsafe') =>
  recorded('tool.call.requested', {
    callId,
    ...{ server: 's', tool: 't', calledAs: 's__t', principal: 'anna', via: 'mcp' as const },
    safetyClass,
    arguments: {},
    deadline: at(60_000),
  });
const started = (attempt: number) =>
  recorded('tool.call.started', { callId, attempt, server: 's', tool: 't', executor: 'e', waitedMs: 1 });
const completed = (attempt: number, result: unknown) =>
  recorded('tool.call.completed', { callId, attempt, result, isError: false, durationMs: 1 });
const lost = (attempt: number, ms: number, wasStarted = true) =>
  recorded(
    'tool.call.failed',
    {
      callId,
      attempt,
      error: { code: -32000, message: 'lost', data: { executorLost: true, started: wasStarted } },
      retryable: true,
      durationMs: 1,
    },
    { time: at(ms) },
  );
const fold = (...events: RecordedEvent[]): CallAnswer => events.reduce(evolveAnswer, NO_ANSWER);
const outcomeAt = (ms: number, ...events: RecordedEvent[]): RecordedEvent | undefined =>
  finalOutcome(fold(...events), T0 + ms, 5_000);

describe('the answer of a call', () => {
  it('is not there while the call runs', () => {
    expect(outcomeAt(0, requested('read'), started(1))).toBeUndefined();
  });

  it('is the first outcome of an attempt, in whatever order the events come', () => {
    const done = completed(1, 'first');
    expect(outcomeAt(0, started(1), done, completed(1, 'second'), requested('read'))).toBe(done);
  });

  it('is that of the newest attempt', () => {
    const done = completed(2, 'again');
    expect(outcomeAt(0, requested('read'), started(1), started(2), done, lost(1, 0))).toBe(done);
    expect(outcomeAt(0, requested('read'), lost(1, 0), started(2))).toBeUndefined();
  });

  it('is the result of a hedged call, whichever attempt brings it', () => {
    const overtaken = (attempt: number) =>
      recorded('tool.call.cancelled', { callId, attempt, overtakenBy: 3 - attempt, durationMs: 1 });
    for (const faster of [1, 2]) {
      const done = completed(faster, 'x');
      const events = [requested('read'), started(1), started(2), done, overtaken(3 - faster)];
      expect(outcomeAt(0, ...events)).toBe(done);
    }
  });

  it('is a loss only when no other attempt follows it soon, or may follow it at all', () => {
    const loss = lost(1, 1_000);
    expect(outcomeAt(5_999, requested('read'), started(1), loss)).toBeUndefined();
    expect(outcomeAt(6_000, requested('read'), started(1), loss)).toBe(loss);
    expect(outcomeAt(1_000, requested('unsafe'), started(1), loss)).toBe(loss);
  });
});

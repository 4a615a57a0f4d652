import type { RecordedEvent, SafetyClass } from '@signalbox/contracts';
import type { AttemptCommand } from './attempt.js';

export const MAX_ATTEMPTS = 3;

/** What is known about the attempt that did not come to an end. */
export interface LostAttempt {
  readonly attempt: number;
  /** Whether it was started, and so may have reached the upstream server. */
  readonly started: boolean;
}

export type RetryVerdict =
  | { readonly retry: true; readonly attempt: number }
  | { readonly retry: false; readonly outcome: 'expired' | 'failed' | 'outcome_unknown'; readonly reason: string };

export interface RetryConditions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly deadline: number;
  /** Whether the retry budget has room. Counts only when the tool may have run: otherwise its server has had no work. */
  readonly hasBudget?: boolean;
}

/**
 * What to do about a call whose executor is gone (DESIGN section 2): nothing was sent: any class goes on; something may have been
 * sent: only tools that bear it do; an unsafe one ends with an unknown outcome and is never run again.
 */
export function afterLostAttempt(
  safetyClass: SafetyClass,
  lost: LostAttempt,
  { now, deadline, hasBudget = true }: RetryConditions,
): RetryVerdict {
  if (lost.started && safetyClass === 'unsafe') {
    return {
      retry: false,
      outcome: 'outcome_unknown',
      reason: 'the executor was lost after it had started an unsafe tool',
    };
  }
  if (now >= deadline) {
    return lost.started
      ? { retry: false, outcome: 'outcome_unknown', reason: 'the executor was lost, and the deadline has passed' }
      : { retry: false, outcome: 'expired', reason: 'the deadline has passed' };
  }
  if (lost.attempt >= MAX_ATTEMPTS) {
    return {
      retry: false,
      outcome: lost.started ? 'outcome_unknown' : 'failed',
      reason: `${MAX_ATTEMPTS} attempts were made`,
    };
  }
  if (lost.started && !hasBudget) {
    return {
      retry: false,
      outcome: 'outcome_unknown',
      reason: 'the executor was lost, and the retry budget is used up',
    };
  }
  return { retry: true, attempt: lost.attempt + 1 };
}

export interface LostCall {
  readonly callId: string;
  /** Who had claimed the attempt. */
  readonly executor: string;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly durationMs: number;
}

/** JSON-RPC code of a connection that is gone, as MCP's SDKs have it. */
const CONNECTION_CLOSED = -32000;

/**
 * What ends the attempt of a lost executor. Written at the next version of the attempt's own stream, it races with what the
 * executor may still write there: whoever is first wins.
 */
export function closingOf(
  verdict: RetryVerdict,
  lost: LostAttempt,
  { callId, executor, deadline, durationMs }: LostCall,
): AttemptCommand {
  const of = { callId, attempt: lost.attempt, durationMs };
  if (!verdict.retry && verdict.outcome === 'outcome_unknown') {
    return { kind: 'lose', ...of, reason: `${verdict.reason} (${executor})` };
  }
  if (!verdict.retry && verdict.outcome === 'expired') {
    return { kind: 'expire', ...of, deadline: new Date(deadline).toISOString() };
  }
  const when = lost.started ? 'while it ran the call' : 'before anything was sent';
  const why = verdict.retry ? '' : `: ${verdict.reason}`;
  const message = `${executor} was lost ${when}${why}`;
  const error = { code: CONNECTION_CLOSED, message, data: { executorLost: true, started: lost.started } };
  return { kind: 'fail', ...of, error, retryable: true };
}

/** How an attempt was lost, when its outcome says that it may be followed by another; undefined for every other outcome. */
export function lostAttemptOf(event: RecordedEvent): LostAttempt | undefined {
  if (event.type !== 'tool.call.failed') return undefined;
  const data = event.data.error.data as { executorLost?: unknown; started?: unknown } | null | undefined;
  if (data?.executorLost !== true) return undefined;
  return { attempt: event.data.attempt, started: data.started === true };
}

import type { RecordedEvent } from '@signalbox/contracts';
import { afterLostAttempt, lostAttemptOf } from './safety.js';

export type CallOutcomeEvent = RecordedEvent<
  'tool.call.completed' | 'tool.call.failed' | 'tool.call.cancelled' | 'tool.call.expired' | 'tool.call.outcome_unknown'
>;

const OUTCOMES: ReadonlySet<string> = new Set([
  'tool.call.completed',
  'tool.call.failed',
  'tool.call.cancelled',
  'tool.call.expired',
  'tool.call.outcome_unknown',
]);

export function isCallOutcome(event: { readonly type: string }): event is CallOutcomeEvent {
  return OUTCOMES.has(event.type);
}

/** What whoever asked for a call is to hear, as far as the log has it. */
export interface CallAnswer {
  readonly requested: RecordedEvent<'tool.call.requested'> | undefined;
  /** That of the attempt that completed, whichever it was; else the first outcome of the newest attempt. */
  readonly outcome: CallOutcomeEvent | undefined;
  readonly newestAttempt: number;
}

export const NO_ANSWER: CallAnswer = { requested: undefined, outcome: undefined, newestAttempt: 0 };

/** The answer after one more event of the call; events of other kinds change nothing. */
export function evolveAnswer(answer: CallAnswer, event: RecordedEvent): CallAnswer {
  if (event.type === 'tool.call.requested') return { ...answer, requested: event };
  const isOutcome = isCallOutcome(event);
  if (!isOutcome && event.type !== 'tool.call.started') return answer;
  const { attempt } = event.data;
  const newestAttempt = Math.max(attempt, answer.newestAttempt);
  // what was hedged has two attempts at a time: a result ends the call, whichever brings it
  if (answer.outcome?.type === 'tool.call.completed') return { ...answer, newestAttempt };
  if (event.type === 'tool.call.completed') return { ...answer, newestAttempt, outcome: event };
  if (attempt < answer.newestAttempt) return answer;
  const before = attempt === answer.newestAttempt ? answer.outcome : undefined;
  return { ...answer, newestAttempt: attempt, outcome: before ?? (isOutcome ? event : undefined) };
}

/**
 * The outcome that ends the call. That of an attempt whose executor was lost does so only when no other attempt follows it soon.
 * @param now milliseconds since the epoch
 * @param settleMs how long another attempt may take to follow a lost one
 */
export function finalOutcome(
  { requested, outcome }: CallAnswer,
  now: number,
  settleMs: number,
): CallOutcomeEvent | undefined {
  const lost = outcome && lostAttemptOf(outcome);
  if (!outcome || !lost || !requested) return outcome;
  const { safetyClass, deadline } = requested.data;
  const mayFollow = afterLostAttempt(safetyClass, lost, { now, deadline: Date.parse(deadline) }).retry;
  return mayFollow && now < Date.parse(outcome.time) + settleMs ? undefined : outcome;
}

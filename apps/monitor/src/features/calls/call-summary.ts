import type { RecordedEvent, SafetyClass } from '@signalbox/contracts';
import { traceIdOf } from '@signalbox/contracts';

export const CALL_STATES = [
  'requested',
  'running',
  'completed',
  'failed',
  'cancelled',
  'expired',
  'outcome_unknown',
] as const;
export type CallState = (typeof CALL_STATES)[number];

/** What the list of calls says of one call. Times are RFC 3339, durations milliseconds. */
export interface CallSummary {
  readonly _id: string;
  readonly state: CallState;
  /** Whether the tool said that it failed, or the call had no result; absent while it runs. */
  readonly isError?: boolean;
  readonly server?: string;
  readonly tool?: string;
  readonly calledAs?: string;
  readonly principal?: string;
  readonly via?: 'mcp' | 'rest';
  readonly safetyClass?: SafetyClass;
  readonly attempt: number;
  readonly requestedAt?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly waitedMs?: number;
  readonly durationMs?: number;
  readonly error?: string;
  readonly traceId?: string;
  readonly [field: string]: unknown;
}

/** What a call's state follows from: a result that came too late is none of it. */
export type CallEvent = Exclude<
  Extract<RecordedEvent, { type: `tool.call.${string}` }>,
  { type: 'tool.call.late_result' }
>;

export const isCallEvent = (event: RecordedEvent): event is CallEvent =>
  event.type.startsWith('tool.call.') && event.type !== 'tool.call.late_result';

const MAX_ERROR_CHARACTERS = 300;

/**
 * A call's summary with one more event in it. The requests of a call and its attempts are in different partitions, which
 * are read independently: so the events may come in any order between those, and any of them may come again.
 */
export function foldCall(call: CallSummary | undefined, event: CallEvent): CallSummary {
  const { type, data } = event;
  const known: CallSummary = call ?? { _id: data.callId, state: 'requested', attempt: 0 };
  if (type === 'tool.call.requested') {
    const { server, tool, calledAs, principal, via, safetyClass } = data;
    const traceId = traceIdOf(event.traceparent);
    const requested = { server, tool, calledAs, principal, via, safetyClass, requestedAt: event.time };
    return { ...known, ...requested, ...(traceId === undefined ? {} : { traceId }) };
  }
  if (type === 'tool.call.progressed') return known;
  // a hedged call has two attempts at a time: it is the one that completes it that counts, whichever that is
  if (type !== 'tool.call.completed' && (data.attempt < known.attempt || isOverBy(known, data.attempt))) return known;
  const isNewAttempt = data.attempt > known.attempt;
  if (type === 'tool.call.started') {
    const { server, tool, attempt, waitedMs } = data;
    // the call began with the attempt before it, which still runs
    const times = data.hedge && known.startedAt !== undefined ? {} : { waitedMs, startedAt: event.time };
    const started = { server, tool, attempt, ...times };
    if (!isNewAttempt && known.finishedAt !== undefined) return { ...known, ...started };
    return { ...withoutOutcome(known), ...started, state: 'running' };
  }
  const base = isNewAttempt ? withoutStart(withoutOutcome(known)) : withoutOutcome(known);
  return { ...base, attempt: data.attempt, finishedAt: event.time, durationMs: data.durationMs, ...outcomeOf(event) };
}

/** Whether another attempt has completed the call. */
function isOverBy({ state, attempt }: CallSummary, other: number): boolean {
  return state === 'completed' && attempt !== other;
}

type Outcome = Pick<CallSummary, 'state' | 'isError' | 'error'>;

function outcomeOf(
  event: Exclude<CallEvent, { type: 'tool.call.requested' | 'tool.call.started' | 'tool.call.progressed' }>,
): Outcome {
  switch (event.type) {
    case 'tool.call.completed':
      return { state: 'completed', isError: event.data.isError };
    case 'tool.call.failed':
      return { state: 'failed', isError: true, error: event.data.error.message.slice(0, MAX_ERROR_CHARACTERS) };
    case 'tool.call.cancelled':
      return { state: 'cancelled', isError: true, ...reason(event.data.reason) };
    case 'tool.call.expired':
      return { state: 'expired', isError: true };
    case 'tool.call.outcome_unknown':
      return { state: 'outcome_unknown', isError: true, ...reason(event.data.reason) };
  }
}

const reason = (text: string | undefined) => (text === undefined ? {} : { error: text.slice(0, MAX_ERROR_CHARACTERS) });

function withoutOutcome(call: CallSummary): CallSummary {
  if (call.finishedAt === undefined) return call;
  const { finishedAt: _1, durationMs: _2, isError: _3, error: _4, ...rest } = call;
  return rest as CallSummary;
}

function withoutStart(call: CallSummary): CallSummary {
  const { startedAt: _1, waitedMs: _2, ...rest } = call;
  return rest as CallSummary;
}

import { traceIdOf, type EventData, type RecordedEvent } from '@signalbox/contracts';
import type { AttemptOutcome } from './attempt.js';

export type CallState = 'requested' | 'running' | AttemptOutcome;

export interface AttemptView {
  readonly attempt: number;
  readonly state: CallState;
  readonly executor?: string;
  /** It ran beside the attempt before it. */
  readonly hedge?: true;
  /** RFC 3339. */
  readonly startedAt?: string;
  readonly waitedMs?: number;
  readonly endedAt?: string;
  readonly durationMs?: number;
  readonly progress?: { readonly progress: number; readonly total?: number; readonly message?: string };
  readonly error?: EventData<'tool.call.failed'>['error'];
  readonly reason?: string;
}

/** What an executor brought after the attempt had been given up. */
export interface LateResult {
  readonly attempt: number;
  readonly executor: string;
  /** RFC 3339. */
  readonly time: string;
  readonly durationMs: number;
  readonly isError?: boolean;
  readonly result?: unknown;
  readonly error?: EventData<'tool.call.failed'>['error'];
}

/** A whole tool call, as all its events tell it. Times are RFC 3339; what has not been heard yet is absent. */
export interface CallView {
  readonly callId: string;
  readonly state: CallState;
  readonly attempts: readonly AttemptView[];
  readonly server?: string;
  readonly tool?: string;
  readonly calledAs?: string;
  readonly definitionHash?: string;
  readonly safetyClass?: EventData<'tool.call.requested'>['safetyClass'];
  readonly principal?: string;
  readonly via?: 'mcp' | 'rest';
  readonly sessionId?: string;
  readonly client?: { readonly name: string; readonly version: string };
  readonly gateway?: string;
  readonly executor?: string;
  readonly requestedAt?: string;
  readonly deadline?: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** Of the attempt that ended the call. */
  readonly durationMs?: number;
  /** From the gateway's request to the outcome, by the clocks of those who wrote them. */
  readonly totalMs?: number;
  /** Set when a result came: whether the tool itself called it an error. */
  readonly isError?: boolean;
  /** As in the log: a value or a BlobRef. */
  readonly arguments?: unknown;
  readonly result?: unknown;
  readonly error?: EventData<'tool.call.failed'>['error'];
  readonly reason?: string;
  readonly traceId?: string;
  /** Absent when there are none. They change nothing else. */
  readonly lateResults?: readonly LateResult[];
}

type CallEvent = RecordedEvent<Extract<RecordedEvent['type'], `tool.call.${string}`>>;

export function isCallEvent(event: RecordedEvent): event is CallEvent {
  return event.type.startsWith('tool.call.');
}

/**
 * The call after one more event. Gateway and executor write to different partitions, so events may come in any order that keeps
 * each partition's own: the result is the same for all of them. Events of other kinds change nothing.
 */
export function evolveCall(call: CallView | undefined, event: RecordedEvent): CallView | undefined {
  if (!isCallEvent(event)) return call;
  const { callId } = event.data;
  const before: CallView = call ?? { callId, state: 'requested', attempts: [] };
  const known = { ...before, traceId: before.traceId ?? traceIdOf(event.traceparent) };
  if (event.type === 'tool.call.late_result') return withLateResult(known, event);
  return summarise(event.type === 'tool.call.requested' ? withRequest(known, event) : withAttempt(known, event));
}

function withLateResult(call: CallView, { data, actor, time }: RecordedEvent<'tool.call.late_result'>): CallView {
  const { callId: _, ...late } = data;
  const lateResults = [...(call.lateResults ?? []), { ...late, executor: actor, time }];
  return { ...call, lateResults: lateResults.sort((a, b) => a.attempt - b.attempt) };
}

type AttemptStory = Exclude<CallEvent, { type: 'tool.call.requested' | 'tool.call.late_result' }>;

function withRequest(call: CallView, event: RecordedEvent<'tool.call.requested'>): CallView {
  const { callId, ...request } = event.data;
  return { ...call, ...request, callId, gateway: event.actor, requestedAt: event.time };
}

function withAttempt(call: CallView, event: AttemptStory): CallView {
  const number = event.data.attempt;
  const before = call.attempts.find(({ attempt }) => attempt === number) ?? { attempt: number, state: 'requested' };
  const others = call.attempts.filter(({ attempt }) => attempt !== number);
  const attempts = [...others, evolveAttempt(before, event)].sort((a, b) => a.attempt - b.attempt);
  const named = event.type === 'tool.call.started' ? { server: event.data.server, tool: event.data.tool } : {};
  const isResult = event.type === 'tool.call.completed' && before.endedAt === undefined;
  const { result, isError } = isResult ? event.data : call;
  return { ...named, ...call, attempts, ...(isError !== undefined && { result, isError }) };
}

function evolveAttempt(attempt: AttemptView, event: AttemptStory): AttemptView {
  switch (event.type) {
    case 'tool.call.started': {
      const { executor, waitedMs, hedge } = event.data;
      const state = attempt.state === 'requested' ? 'running' : attempt.state;
      return { ...attempt, state, executor, waitedMs, startedAt: event.time, ...(hedge && { hedge }) };
    }
    case 'tool.call.progressed': {
      const { progress, total, message } = event.data;
      return { ...attempt, progress: { progress, total, message } };
    }
    default: {
      // the first outcome of an attempt stays
      if (attempt.endedAt !== undefined) return attempt;
      const { durationMs } = event.data;
      const ended = { ...attempt, state: outcomeOf(event), endedAt: event.time, durationMs };
      if (event.type === 'tool.call.failed') return { ...ended, error: event.data.error };
      return 'reason' in event.data && event.data.reason !== undefined
        ? { ...ended, reason: event.data.reason }
        : ended;
    }
  }
}

function outcomeOf(event: CallEvent): AttemptOutcome {
  return event.type.slice('tool.call.'.length) as AttemptOutcome;
}

/** The call is where the attempt is that completed it, else where its last attempt is: one that was hedged has two at a time. */
function summarise(call: CallView): CallView {
  const last = call.attempts.find(({ state }) => state === 'completed') ?? call.attempts.at(-1);
  const startedAt = call.attempts.find((attempt) => attempt.startedAt !== undefined)?.startedAt;
  const ended = last?.endedAt !== undefined ? last : undefined;
  const totalMs =
    ended && call.requestedAt !== undefined ? Date.parse(ended.endedAt!) - Date.parse(call.requestedAt) : undefined;
  return {
    ...call,
    state: last?.state ?? 'requested',
    executor: last?.executor ?? call.attempts.findLast(({ executor }) => executor !== undefined)?.executor,
    startedAt,
    endedAt: ended?.endedAt,
    durationMs: ended?.durationMs,
    totalMs,
    error: ended?.error,
    reason: ended?.reason,
  };
}

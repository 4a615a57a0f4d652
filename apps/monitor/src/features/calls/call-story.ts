import { toCloudEvent, traceIdOf, type CloudEvent, type RecordedEvent } from '@signalbox/contracts';
import { foldCall, isCallEvent, type CallEvent, type CallState, type CallSummary } from './call-summary.js';

/** One run of a call by one executor. Times are RFC 3339, durations milliseconds. */
export interface AttemptStory {
  readonly attempt: number;
  state: CallState;
  executor?: string;
  startedAt?: string;
  firstProgressAt?: string;
  finishedAt?: string;
  waitedMs?: number;
  durationMs?: number;
  progress: { time: string; progress: number; total?: number; message?: string }[];
}

/** When each step happened, and how long the call waited and ran in its last attempt. */
export interface CallTimes {
  readonly requested?: string;
  readonly started?: string;
  readonly firstProgress?: string;
  readonly outcome?: string;
  readonly waitingMs?: number;
  readonly runningMs?: number;
  /** From the request to the outcome, by the log's times. */
  readonly totalMs?: number;
}

/** Everything that the log knows of one call. */
export interface CallStory {
  readonly id: string;
  readonly state: CallState;
  readonly isError?: boolean;
  readonly server?: string;
  readonly tool?: string;
  readonly calledAs?: string;
  readonly principal?: string;
  readonly request?: Readonly<Record<string, unknown>>;
  readonly arguments?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
  readonly reason?: string;
  readonly times: CallTimes;
  readonly attempts: readonly AttemptStory[];
  readonly traceId?: string;
  readonly events: readonly CloudEvent[];
}

/** The story that the events of one correlation id tell, or undefined when none of them is a call's. Payloads stay as logged. */
export function tellCall(id: string, events: readonly RecordedEvent[]): CallStory | undefined {
  const own = events.filter(isCallEvent).filter((event) => event.data.callId === id);
  if (own.length === 0) return undefined;
  let call: CallSummary | undefined;
  const attempts = new Map<number, AttemptStory>();
  for (const event of own) {
    call = foldCall(call, event);
    if (event.type !== 'tool.call.requested') addToAttempt(attempts, event);
  }
  const last = attempts.get(call!.attempt);
  const { state, isError, server, tool, calledAs, principal } = call!;
  return defined({
    id,
    state,
    isError,
    server,
    tool,
    calledAs,
    principal,
    ...requestOf(own),
    ...outcomeOf(own, call!.attempt),
    times: timesOf(call!, last),
    attempts: [...attempts.values()].toSorted((a, b) => a.attempt - b.attempt),
    traceId: own.map((event) => traceIdOf(event.traceparent)).find((found) => found !== undefined),
    events: events.map(toCloudEvent),
  });
}

function requestOf(events: readonly CallEvent[]): Pick<CallStory, 'request' | 'arguments'> {
  const requested = events.find((event) => event.type === 'tool.call.requested');
  if (!requested) return {};
  const { safetyClass, definitionHash, via, sessionId, client, deadline } = requested.data;
  return {
    request: defined({ safetyClass, definitionHash, via, sessionId, client, deadline }),
    arguments: requested.data.arguments,
  };
}

function outcomeOf(events: readonly CallEvent[], attempt: number): Pick<CallStory, 'result' | 'error' | 'reason'> {
  const last = events.findLast(
    (event) => event.type !== 'tool.call.requested' && event.data.attempt === attempt && isOutcome(event),
  );
  if (last?.type === 'tool.call.completed') return { result: last.data.result };
  if (last?.type === 'tool.call.failed') return { error: last.data.error };
  if (last?.type === 'tool.call.cancelled' || last?.type === 'tool.call.outcome_unknown')
    return { reason: last.data.reason };
  return {};
}

const isOutcome = ({ type }: CallEvent): boolean =>
  type !== 'tool.call.requested' && type !== 'tool.call.started' && type !== 'tool.call.progressed';

function addToAttempt(
  attempts: Map<number, AttemptStory>,
  event: Exclude<CallEvent, { type: 'tool.call.requested' }>,
): void {
  const { type, data, time } = event;
  const story: AttemptStory = attempts.get(data.attempt) ?? { attempt: data.attempt, state: 'requested', progress: [] };
  attempts.set(data.attempt, story);
  if (type === 'tool.call.started') {
    story.executor = data.executor;
    story.startedAt = time;
    story.waitedMs = data.waitedMs;
    if (story.finishedAt === undefined) story.state = 'running';
  } else if (type === 'tool.call.progressed') {
    const { progress, total, message } = data;
    story.firstProgressAt ??= time;
    story.progress.push(defined({ time, progress, total, message }));
  } else {
    story.state = type.slice('tool.call.'.length) as CallState;
    story.finishedAt = time;
    story.durationMs = data.durationMs;
  }
}

function timesOf(call: CallSummary, last: AttemptStory | undefined): CallTimes {
  const { requestedAt, finishedAt } = call;
  const ended = requestedAt !== undefined && finishedAt !== undefined;
  return defined({
    requested: requestedAt,
    started: last?.startedAt,
    firstProgress: last?.firstProgressAt,
    outcome: finishedAt,
    waitingMs: call.waitedMs,
    runningMs: last?.startedAt === undefined ? undefined : call.durationMs,
    totalMs: ended ? Math.max(0, Date.parse(finishedAt) - Date.parse(requestedAt)) : undefined,
  });
}

/** Without the fields that are undefined. */
function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}

import { oneLine } from '../../clean.js';

export interface CallSummary {
  readonly id: string;
  readonly state: string;
  readonly server?: string;
  readonly tool?: string;
  readonly principal?: string;
  readonly requestedAt?: string;
  readonly durationMs?: number;
}

interface Attempt {
  readonly attempt: number;
  readonly state: string;
  readonly executor?: string;
  readonly startedAt?: string;
  readonly durationMs?: number;
  readonly waitedMs?: number;
}

export interface CallStory {
  readonly id: string;
  readonly state: string;
  readonly isError?: boolean;
  readonly server?: string;
  readonly tool?: string;
  readonly principal?: string;
  readonly request?: Readonly<Record<string, unknown>>;
  readonly arguments?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
  readonly reason?: string;
  readonly times: Readonly<Record<string, string | number | undefined>>;
  readonly attempts: readonly Attempt[];
  readonly traceId?: string;
  readonly events: readonly { readonly type: string; readonly time: string }[];
}

const MAX_PAYLOAD = 2_000;

export function callRows(calls: readonly CallSummary[]): unknown[][] {
  return calls.map((call) => [
    call.id,
    call.state,
    call.server,
    call.tool,
    call.principal,
    call.requestedAt,
    call.durationMs === undefined ? '' : Math.round(call.durationMs),
  ]);
}

/** The story of a call for a person to read. */
export function callLines(story: CallStory): string[] {
  const facts: [string, unknown][] = [
    ['call', story.id],
    ['state', story.isError ? `${story.state}, the tool says that it failed` : story.state],
    ['server', story.server],
    ['tool', story.tool],
    ['by', story.principal],
    ['class', story.request?.['safetyClass']],
    ['requested', story.times['requested']],
    ['took', story.times['totalMs'] === undefined ? undefined : `${story.times['totalMs']} ms`],
    ['trace', story.traceId],
    ['reason', story.reason],
    ['arguments', payload(story.arguments)],
    ['result', payload(story.result)],
    ['error', payload(story.error)],
  ];
  return [
    ...facts.filter(([, value]) => value !== undefined && value !== '').map(([name, value]) => fact(name, value)),
    ...story.attempts.map(attemptLine),
    'events',
    ...story.events.map(({ time, type }) => `  ${time}  ${type}`),
  ];
}

const fact = (name: string, value: unknown): string => `${name.padEnd(10)}  ${String(value)}`;
const payload = (value: unknown): string | undefined => (value === undefined ? undefined : oneLine(value, MAX_PAYLOAD));

function attemptLine({ attempt, state, executor, startedAt, durationMs }: Attempt): string {
  const parts = [state, executor && `at ${executor}`, startedAt && `since ${startedAt}`];
  if (durationMs !== undefined) parts.push(`for ${Math.round(durationMs)} ms`);
  return fact(`attempt ${attempt}`, parts.filter(Boolean).join(' '));
}

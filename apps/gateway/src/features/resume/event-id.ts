import { isRequestId, type RecordedRequest, type RequestId } from '@signalbox/mcp';

/** Which request a stream answers, so that any gateway can go on with it from the log. */
export interface StreamOrigin {
  readonly requestId: RequestId;
  /** Absent for a request that the log does not have. */
  readonly call?: {
    readonly callId: string;
    /** The gateway that requested it, in whose partition that is written. */
    readonly gateway: string;
    /** The token under which the client wants to hear of progress. */
    readonly progressToken?: RequestId;
  };
}

export interface EventId {
  /** Of the stream, unique in its session. */
  readonly key: string;
  readonly kind: 'general' | 'request';
  /** Which gateway's copy of the session sent it. */
  readonly copy: string;
  readonly seq: number;
  /** Undefined when the stream's key does not say. */
  readonly origin: StreamOrigin | undefined;
  /** How much the client has: its newest progress, or all of the answer. */
  readonly seen: Seen;
}

export interface Seen {
  readonly ended: boolean;
  readonly progress: number | undefined;
}

/** Longest text of an origin in an event id: header lines must stay small. Ids that are longer are those of clients with huge tokens. */
const MAX_ORIGIN = 1_024;
/** Kind, copy, for the stream of a request its number and perhaps its origin; then number and mark of the event. */
const EVENT_ID =
  /^((g|c(?=\d*-))(\d{0,15})(?:-\d{1,15})?(?:~([\w-]{1,1024}))?)\.(\d{1,15})(?:\.(?:(end)|p([-+.\de]{1,30})))?$/;

export function generalKey(copy: string): string {
  return `g${copy}`;
}

/** @param number of the stream among those of this copy of the session */
export function requestKey(copy: string, number: number, origin: StreamOrigin | undefined): string {
  const key = `c${copy}-${number}`;
  if (!origin) return key;
  const { requestId, call } = origin;
  const parts = call ? [requestId, call.callId, call.gateway, call.progressToken] : [requestId];
  const text = Buffer.from(JSON.stringify(parts)).toString('base64url');
  return text.length > MAX_ORIGIN ? key : `${key}~${text}`;
}

/** The origin of the stream that a request is answered with. */
export function originOf(requestId: RequestId, recorded: RecordedRequest | undefined, gateway: string): StreamOrigin {
  if (!recorded) return { requestId };
  const { callId, params } = recorded;
  const token = (params['_meta'] as { readonly progressToken?: unknown } | null | undefined)?.progressToken;
  return { requestId, call: { callId, gateway, ...(isRequestId(token) ? { progressToken: token } : {}) } };
}

/** @returns undefined for what no gateway made */
export function readEventId(text: string): EventId | undefined {
  const [, key, kind, copy, origin, seq, end, progress] = EVENT_ID.exec(text) ?? [];
  if (key === undefined) return undefined;
  return {
    key,
    kind: kind === 'g' ? 'general' : 'request',
    copy: copy!,
    seq: Number(seq),
    origin: origin === undefined ? undefined : readOrigin(origin),
    seen: { ended: end !== undefined, progress: progress === undefined ? undefined : Number(progress) },
  };
}

function readOrigin(text: string): StreamOrigin | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (!Array.isArray(parts)) return undefined;
    const [requestId, callId, gateway, progressToken] = parts as unknown[];
    if (!isRequestId(requestId)) return undefined;
    if (typeof callId !== 'string' || typeof gateway !== 'string') return { requestId };
    return { requestId, call: { callId, gateway, ...(isRequestId(progressToken) ? { progressToken } : {}) } };
  } catch {
    return undefined;
  }
}

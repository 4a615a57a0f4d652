import type { Implementation, InitializeResult } from '../initialize.js';
import type { RequestId, RpcNotification, RpcOutcome, RpcRequest } from '../jsonrpc.js';
import type { Authorizer } from './http/authorizer.js';

/** What a server sends of its own accord. */
export type Inbound = RpcRequest | RpcNotification;

/** `legacy` opens a session with `initialize` (up to 2025-11-25); `modern` says with each request who asks (2026-07-28). */
export type Era = 'modern' | 'legacy';

/** How a server is reached. `sse` is the transport of 2024-11-05. */
export type Transport = 'stdio' | 'http' | 'sse';

/** What a server was found to speak. It holds for the server, not for one connection, so that it need be found out once. */
export interface Dialect {
  readonly era: Era;
  readonly transport: Transport;
}

/**
 * One connection with an upstream server, as a client: a session with one of the legacy era, and with a modern one what
 * takes its place. `ping`, `logging/setLevel`, `resources/subscribe` and `resources/unsubscribe`, which modern servers do
 * not know, are answered here for them. Results, errors and messages pass through as the
 * server wrote them; only request ids and progress tokens are ours on the wire, and are put back before they are handed on.
 */
export interface UpstreamConnection {
  readonly dialect: Dialect;
  /** Verbatim as the server said it; of a modern server what it says of itself in `server/discover`, in the form of `initialize`. */
  readonly initialize: InitializeResult;
  readonly pid?: number;
  readonly sessionId?: string;
  /** Requests that wait for their answer. */
  readonly inFlight: number;
  /** Resolves when the connection is gone, for whatever reason. */
  readonly closed: Promise<{ reason: string }>;
  /** Resolves as soon as nothing can be sent any more, where that is before {@link closed}: what is left of a process takes its time to end. */
  readonly ending?: Promise<void>;

  /**
   * Sends a request and waits for its answer.
   * @throws UpstreamClosedError the connection is gone; `sent` tells whether the server may have seen the request
   * @throws UpstreamProtocolError the server answered with something that is not MCP
   * @throws DeadlineError at the deadline
   * @throws CancelledError when `signal` fires or {@link cancel} is called
   */
  request(method: string, params: object | undefined, options: UpstreamRequestOptions): Promise<RpcOutcome>;

  /**
   * Gives up the request that was made with these very options, and tells the server.
   * Cheaper than a signal per request. False when it no longer runs.
   */
  cancel(options: UpstreamRequestOptions, reason?: string): boolean;

  /** Answers a request that the server made. Nothing happens when it has been answered or the connection is gone. */
  respond(id: RequestId, outcome: RpcOutcome): void;
  notify(method: string, params?: object): Promise<void>;
  /** @throws like {@link request}, or UpstreamProtocolError when the server refuses */
  ping(timeoutMs: number): Promise<void>;
  /** Ends the session and everything that belongs to it; resolves when nothing of it is left. Repeating it waits for the same end. */
  close(reason?: string): Promise<void>;
}

export interface UpstreamRequestOptions {
  /** Milliseconds since the epoch, with a resolution of 50 ms. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
  /** Additional HTTP headers, lower-case; no effect on stdio. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** On whose behalf: told to modern servers. Whatever it leaves open is said of the connection itself. */
  readonly caller?: CallerMeta | undefined;
  /** Notifications and reverse requests that belong to this request, in order, all before the answer. */
  onMessage?(message: Inbound): void;
}

/** What modern servers hear of a client with each request. */
export interface CallerMeta {
  readonly info?: Implementation | undefined;
  readonly capabilities?: Readonly<Record<string, unknown>> | undefined;
  /** Least level of log messages that it wants of this request; none when absent. */
  readonly logLevel?: string | undefined;
}

export interface ConnectOptions {
  readonly clientInfo: Implementation;
  /** Client capabilities to declare. */
  readonly capabilities: Readonly<Record<string, unknown>>;
  /** Revision to ask for; default our newest. */
  readonly protocolVersion?: string;
  /** What the server speaks, where that is known; default `auto`: it is asked. */
  readonly era?: Era | 'auto' | undefined;
  /** Of an HTTP server that was found to speak the transport of 2024-11-05; else that is tried when all else is refused. */
  readonly transport?: Transport | undefined;
  /** Gets the tokens of an HTTP server. */
  readonly authorizer?: Authorizer | undefined;
  /** Whether to ask a modern server to report changes of its lists; a legacy one does so unasked. */
  readonly listChanges?: boolean;
  /** Bound on start-up and handshake together; default 15 000. */
  readonly connectTimeoutMs?: number;
  /** Surroundings of a stdio server, of which only the harmless names are taken (PATH, HOME, …). */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly limits?: Partial<UpstreamLimits>;
  /** What the server says outside of any request. */
  onMessage?(message: Inbound): void;
  /** What a stdio server writes to its standard error. */
  onStderr?(chunk: Buffer, pid: number | undefined): void;
  /** Something the operator should know of, which ends nothing. */
  onWarning?(text: string): void;
}

export interface UpstreamLimits {
  /** One line of a stdio server's output, bytes. */
  readonly maxLineBytes: number;
  /** What waits to be read by a stdio server, bytes. */
  readonly maxUnreadBytes: number;
  /** Newest part of a stdio server's stderr kept for error messages, bytes. */
  readonly stderrBytes: number;
  /** One HTTP answer or one event of a stream, bytes. */
  readonly maxAnswerBytes: number;
  /** Sockets for requests to one HTTP server; streams and notifications have their own. */
  readonly maxSockets: number;
  /** Wait between stdin's end, SIGTERM and SIGKILL; also for the DELETE of an HTTP session. */
  readonly closeGraceMs: number;
  /** Wait before an interrupted stream is taken up again when the server names none. */
  readonly streamRetryMs: number;
  /** Wait for a stdio server's answer to `server/discover` before `initialize` is sent as well: some legacy servers never answer. */
  readonly probeMs: number;
}

const MiB = 1024 * 1024;

export const DEFAULT_UPSTREAM_LIMITS: UpstreamLimits = {
  maxLineBytes: 16 * MiB,
  maxUnreadBytes: 64 * MiB,
  stderrBytes: 8 * 1024,
  maxAnswerBytes: 32 * MiB,
  maxSockets: 256,
  closeGraceMs: 2_000,
  streamRetryMs: 1_000,
  probeMs: 3_000,
};

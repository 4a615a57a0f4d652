import type { Implementation, InitializeResult } from '../initialize.js';
import type { RequestId, RpcNotification, RpcOutcome, RpcRequest } from '../jsonrpc.js';

/** What a server sends of its own accord. */
export type Inbound = RpcRequest | RpcNotification;

/**
 * One initialised MCP session with an upstream server, as a client. Results, errors and messages pass through as the
 * server wrote them; only request ids and progress tokens are ours on the wire, and are put back before they are handed on.
 */
export interface UpstreamConnection {
  /** Verbatim as the server said it. */
  readonly initialize: InitializeResult;
  readonly pid?: number;
  readonly sessionId?: string;
  /** Requests that wait for their answer. */
  readonly inFlight: number;
  /** Resolves when the connection is gone, for whatever reason. */
  readonly closed: Promise<{ reason: string }>;

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
  /** Notifications and reverse requests that belong to this request, in order, all before the answer. */
  onMessage?(message: Inbound): void;
}

export interface ConnectOptions {
  readonly clientInfo: Implementation;
  /** Client capabilities to declare. */
  readonly capabilities: Readonly<Record<string, unknown>>;
  /** Revision to ask for; default our newest. */
  readonly protocolVersion?: string;
  /** Bound on start-up and handshake together; default 15 000. */
  readonly connectTimeoutMs?: number;
  /** Surroundings of a stdio server, of which only the harmless names are taken (PATH, HOME, …). */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly limits?: Partial<UpstreamLimits>;
  /** What the server says outside of any request. */
  onMessage?(message: Inbound): void;
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
};

import type { RpcError } from '@signalbox/contracts';

/**
 * What a middleware module is written against: `export default function (options, host) { return { request() {…} } }`.
 * A middleware may have any of the three functions; each is called for the methods that its entry in the configuration names.
 * What they are given is shared: they return something new instead of changing it.
 */
export interface Middleware {
  /**
   * Before the request is handled (gateway), or sent to the server (executor).
   * @returns other params, or an answer, after which nothing further in sees the request; nothing to leave it as it is
   */
  request?(message: RequestMessage, context: MessageContext): MaybePromise<RequestChange | undefined | void>;
  /** After it was answered, with the request as this middleware had it. @returns another outcome; nothing to leave it as it is */
  response?(
    outcome: MessageOutcome,
    message: RequestMessage,
    context: MessageContext,
  ): MaybePromise<MessageOutcome | undefined | void>;
  /**
   * A notification on its way from a server to a client, or (direction `to-server`) from a client. Not asynchronous: notifications stay in order.
   * @returns other params, or `'drop'`; nothing to leave it as it is
   */
  notification?(message: RequestMessage, context: MessageContext): NotificationChange | undefined | void;
}

export type MaybePromise<T> = T | Promise<T>;

export interface RequestMessage {
  /** `tools/call`, `resources/read`, `notifications/progress` … */
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>> | undefined;
}

export type RequestChange =
  { readonly params: Readonly<Record<string, unknown>> | undefined } | { readonly answer: MessageOutcome };

export type NotificationChange = { readonly params: Readonly<Record<string, unknown>> | undefined } | 'drop';

/** A JSON-RPC result or error. */
export type MessageOutcome = { readonly result: unknown } | { readonly error: RpcError };

/** What is known about a message beside itself; the same object from request to response. */
export interface MessageContext {
  readonly at: MiddlewarePlace;
  /** `to-client` for what a server asks the client: sampling, elicitation, roots. */
  readonly direction: 'to-server' | 'to-client';
  /** On whose behalf; undefined where nobody in particular stands behind it. */
  readonly principal: string | undefined;
  readonly sessionId: string | undefined;
  /** The upstream server; at the gateway only for `/servers/:server/mcp`. */
  readonly server: string | undefined;
  /** Headers of the client's HTTP request, in lower case; at the gateway only. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export type MiddlewarePlace = 'gateway' | 'executor';

/** What a middleware may use of the service that it runs in. */
export interface MiddlewareHost {
  readonly at: MiddlewarePlace;
  /** Instance of the service: `gateway-1`. */
  readonly instanceId: string;
  readonly log: MiddlewareLog;
  /** The value with secrets replaced, by the rules of `signalbox.redaction`. */
  redact(value: unknown): unknown;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Writes one line: fields first, as JSON, then the text. */
export type MiddlewareLog = Readonly<
  Record<'debug' | 'info' | 'warn' | 'error', (fields: object, text: string) => void>
>;

/**
 * Makes a middleware, once at start.
 * @param options of its entry in the configuration, as they stand there
 * @throws Error that says what is wrong with the options: the service does not start
 */
export type MiddlewareFactory = (options: unknown, host: MiddlewareHost) => MaybePromise<Middleware>;

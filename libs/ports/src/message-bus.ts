/**
 * The message bus (DESIGN section 4).
 *
 * Contract, proven by `messageBusContract` of `@signalbox/port-contracts`:
 * - `publish` reaches every queue whose bindings match the topic (`*` one word, `#` any number of words).
 * - `send` reaches one consumer of the named queue; consumers of a queue compete, each with at most `prefetch` unsettled messages.
 * - Messages of one sender to one queue with one consumer arrive in order.
 * - A message is settled only when its handler has: `ack`, `retry` (redelivered after a back-off, at most `maxRetries`
 *   times, then parked) or `park` (to the dead letters, with the reason). Throwing is retry.
 * - A message past `expiresAt` is not handed out.
 * - `request` rejects at its deadline; parts and reply of one request arrive in the order they were sent.
 * - Bodies are JSON values. They are handed over, not copied: neither side may change them afterwards.
 */
export interface MessageBus {
  /** `messaging.system` of OpenTelemetry's conventions, for spans: `rabbitmq`. */
  readonly system?: string;

  /**
   * Publishes to a topic. Resolves when every matching queue has the message.
   * @throws UnroutableError with `mandatory` when no queue matches
   */
  publish(message: OutgoingMessage, options?: { mandatory?: boolean; persistent?: boolean }): Promise<void>;

  /**
   * Whether {@link publish} to this topic would reach a queue now; false only when it would do nothing. Absent when the bus
   * cannot tell without asking its server.
   */
  hears?(topic: string): boolean;

  /** Sends to one named queue, which need not have a consumer yet. @throws BusOverloadedError when it is full */
  send(queue: string, message: OutgoingMessage): Promise<void>;

  /**
   * Sends to one named queue and waits for the reply.
   * @throws NoConsumerError when nothing consumes the queue
   * @throws RequestTimeoutError at the deadline
   * @throws BusOverloadedError when the queue is full
   */
  request(queue: string, message: OutgoingMessage, options: RequestOptions): Promise<unknown>;

  /** Starts consuming. Declares the queue and its bindings if need be. */
  consume(queue: QueueSpec, handler: MessageHandler): Promise<Consumer>;

  /** Parked messages, oldest first. */
  deadLetters(options?: { queue?: string; limit?: number }): Promise<DeadLetter[]>;

  /** Puts a parked message back on its queue. False when there is none with that id. */
  replayDeadLetter(id: string): Promise<boolean>;

  /** Rejects with the reason when the bus cannot take messages now. */
  ping(): Promise<void>;

  /** Stops handing out, waits for handlers up to `drainMs` (default 5000), releases everything. */
  close(options?: { drainMs?: number }): Promise<void>;
}

export interface OutgoingMessage {
  /** The event id for events; a ULID otherwise. */
  readonly id: string;
  /** Topic (routing key) for `publish`; the kind of command for `send` and `request`. */
  readonly type: string;
  readonly body: unknown;
  readonly correlationId?: string | undefined;
  readonly traceparent?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number | undefined;
}

export interface RequestOptions {
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly onPart?: (part: unknown) => void;
  /** Aborting stops the waiting; telling the handler is up to the caller. */
  readonly signal?: AbortSignal;
}

export interface QueueSpec {
  readonly name: string;
  /** Topic patterns whose messages go to this queue. */
  readonly topics?: readonly string[];
  /** Deleted with its consumer; for replies and streams of one instance. */
  readonly exclusive?: boolean;
  /** Unsettled messages per consumer; default 64. */
  readonly prefetch?: number;
  /** Default 3. */
  readonly maxRetries?: number;
  /** Waiting messages; default 10 000. */
  readonly maxLength?: number;
  /**
   * What waits here may be lost with the broker: for commands whose requester has a deadline and asks again. Such a
   * queue is faster than one that keeps its messages. Every consumer of a queue says the same.
   */
  readonly transient?: boolean;
}

export type Settlement = 'ack' | 'retry' | { readonly park: string };

export type MessageHandler = (delivery: Delivery) => Settlement | void | Promise<Settlement | void>;

export interface Delivery extends OutgoingMessage {
  readonly queue: string;
  /** 1 for the first time. */
  readonly attempt: number;
  /** Sends an intermediate message to the requester; nothing happens when it was not a request. */
  part(body: unknown): void;
  /** Answers the requester, once; returning without a reply leaves it to its deadline. */
  reply(body: unknown): void;
}

export interface Consumer {
  /** Stops handing out to this consumer; what is in hand may finish. */
  cancel(): Promise<void>;
}

export interface DeadLetter {
  readonly id: string;
  readonly queue: string;
  readonly reason: string;
  readonly attempts: number;
  /** RFC 3339. */
  readonly time: string;
  readonly message: OutgoingMessage;
}

export class UnroutableError extends Error {
  override readonly name = 'UnroutableError';
}
export class NoConsumerError extends Error {
  override readonly name = 'NoConsumerError';
  readonly retryable = true;
}
export class RequestTimeoutError extends Error {
  override readonly name = 'RequestTimeoutError';
}
export class BusOverloadedError extends Error {
  override readonly name = 'BusOverloadedError';
  readonly retryable = true;
}
export class BusUnavailableError extends Error {
  override readonly name = 'BusUnavailableError';
  readonly retryable = true;
}

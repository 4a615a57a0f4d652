import type { Delivery, OutgoingMessage } from '@signalbox/ports';
import type { PendingRequest } from '@signalbox/adapter-kit';

/** One attempt at a message on one queue. */
export class QueuedMessage implements Delivery {
  readonly id: string;
  readonly type: string;
  readonly body: unknown;
  readonly correlationId: string | undefined;
  readonly traceparent: string | undefined;
  readonly expiresAt: number | undefined;

  constructor(
    message: OutgoingMessage,
    readonly queue: string,
    readonly attempt: number,
    private readonly request?: PendingRequest,
  ) {
    this.id = message.id;
    this.type = message.type;
    this.body = message.body;
    this.correlationId = message.correlationId;
    this.traceparent = message.traceparent;
    // a request that nobody waits for any more is not worth starting
    this.expiresAt = request ? Math.min(message.expiresAt ?? Infinity, request.deadline) : message.expiresAt;
  }

  get isRequest(): boolean {
    return this.request !== undefined;
  }

  nextAttempt(): QueuedMessage {
    return new QueuedMessage(this, this.queue, this.attempt + 1, this.request);
  }

  part(body: unknown): void {
    this.request?.part(body);
  }

  reply(body: unknown): void {
    this.request?.reply(body);
  }

  /** Tells the requester, if there is one, that nobody will answer. */
  abandon(error: Error): void {
    this.request?.fail(error);
  }
}

import type { Delivery } from '@signalbox/ports';
import type { ConsumeMessage } from 'amqplib';
import type { Replies, ReplyAddress } from './replies.js';
import { HEADER, type Headers } from './wire.js';

/** One attempt at a message, as its handler sees it. */
export class RabbitMqDelivery implements Delivery {
  readonly id: string;
  readonly type: string;
  readonly correlationId: string | undefined;
  readonly traceparent: string | undefined;
  readonly expiresAt: number | undefined;
  readonly attempt: number;
  private readonly replyTo: ReplyAddress | undefined;
  private sequence = 0;
  private replied = false;

  constructor(
    readonly queue: string,
    { properties, fields }: ConsumeMessage,
    readonly body: unknown,
    private readonly replies: Replies,
  ) {
    const headers: Headers = properties.headers ?? {};
    this.id = properties.messageId as string;
    this.type = properties.type as string;
    this.correlationId = properties.correlationId as string | undefined;
    this.traceparent = headers[HEADER.traceparent] as string | undefined;
    this.expiresAt = headers[HEADER.expiresAt] as number | undefined;
    // what a lost consumer had in hand comes again uncounted, where the queue is no quorum queue
    const isUncounted = fields.redelivered && headers['x-delivery-count'] === undefined;
    this.attempt = attemptOf(headers) + (isUncounted ? 1 : 0);
    const request = headers[HEADER.request];
    if (typeof properties.replyTo === 'string' && typeof request === 'string') {
      this.replyTo = { replyTo: properties.replyTo, request, attempt: this.attempt };
    }
  }

  part(body: unknown): void {
    if (this.replyTo && !this.replied) this.replies.send(this.replyTo, this.sequence++, 'part', body);
  }

  reply(body: unknown): void {
    if (!this.replyTo || this.replied) return;
    this.replied = true;
    this.replies.send(this.replyTo, this.sequence++, 'reply', body);
  }
}

/** Deliveries of a quorum queue are counted by the broker; what was sent again says so itself. */
export function attemptOf(headers: Headers): number {
  return Number(headers[HEADER.attempt] ?? 1) + Number(headers['x-delivery-count'] ?? 0);
}

export function expiresAtOf(headers: Headers | undefined): number | undefined {
  return headers?.[HEADER.expiresAt] as number | undefined;
}

import type { BrokerConnection } from './broker-connection.js';
import type { ResolvedOptions } from './options.js';
import { Outbox } from './outbox.js';
import { encodeBody, HEADER, JSON_CONTENT } from './wire.js';

const HOW = { whenFull: 'refuse', unconfirmed: true } as const;

/** Where the answers to a request go. */
export interface ReplyAddress {
  readonly replyTo: string;
  readonly request: string;
  readonly attempt: number;
}

/** Sends parts and replies, in order. Those that an outage caught on their way are sent again. */
export class Replies {
  private readonly outbox: Outbox;

  constructor(
    connection: BrokerConnection,
    private readonly options: ResolvedOptions,
  ) {
    this.outbox = new Outbox('channel for replies', connection, options);
  }

  start(timeoutMs: number): Promise<void> {
    return this.outbox.start(timeoutMs);
  }

  /** @param sequence place among the parts and the reply of one attempt */
  send({ replyTo, request, attempt }: ReplyAddress, sequence: number, type: 'part' | 'reply', body: unknown): void {
    const content = encodeBody(body, this.options.maxMessageBytes);
    const properties = {
      correlationId: request,
      type,
      contentType: JSON_CONTENT,
      deliveryMode: 1,
      headers: { [HEADER.attempt]: attempt, [HEADER.sequence]: sequence },
    };
    const sent = this.outbox.publish({ exchange: '', routingKey: replyTo, name: type }, content, properties, HOW);
    sent.catch((error: unknown) => this.options.onError(error, type));
  }

  /** Waits until the broker has what was sent, at most `timeoutMs`. */
  flush(timeoutMs: number): Promise<void> {
    return this.outbox.flush(timeoutMs);
  }

  stop(error: Error): void {
    this.outbox.stop(error);
  }
}

import { PendingRequest, type RequestHooks, type TimerWheel } from '@signalbox/adapter-kit';
import {
  BusOverloadedError,
  BusUnavailableError,
  NoConsumerError,
  RequestTimeoutError,
  type OutgoingMessage,
  type RequestOptions,
} from '@signalbox/ports';
import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import type { BrokerConnection } from './broker-connection.js';
import { KeptChannel } from './kept-channel.js';
import type { ResolvedOptions } from './options.js';
import type { QueueStatus } from './queue-status.js';
import { decodeBody, encodeBody, HEADER, messageProperties, type Headers } from './wire.js';

/** RabbitMQ's pseudo-queue: replies come over the channel that asked, without a queue in between. */
const DIRECT_REPLY_TO = 'amq.rabbitmq.reply-to';

class SentRequest extends PendingRequest {
  attempt = 0;
  sequence = 0;

  constructor(
    readonly key: string,
    to: string,
    options: RequestOptions,
    wheel: TimerWheel,
    hooks: RequestHooks,
  ) {
    super(to, options, wheel, hooks);
  }
}

/** Sends requests and takes their parts and replies, all over one channel. */
export class Requester {
  private readonly pending = new Map<string, SentRequest>();
  private readonly channel: KeptChannel<ConfirmChannel>;
  private readonly hooks: RequestHooks;
  private counter = 0;

  constructor(
    private readonly connection: BrokerConnection,
    private readonly status: QueueStatus,
    private readonly wheel: TimerWheel,
    private readonly options: ResolvedOptions,
  ) {
    this.hooks = {
      settled: (request) => this.pending.delete((request as SentRequest).key),
      onError: options.onError,
    };
    this.channel = new KeptChannel<ConfirmChannel>(
      connection,
      {
        name: 'channel for requests',
        create: (model) => model.createConfirmChannel(),
        setUp: async (channel) => {
          channel.on('return', ({ properties }) => this.onReturn(properties.headers));
          await channel.consume(DIRECT_REPLY_TO, (reply) => reply && this.onReply(reply), { noAck: true });
        },
        down: () => this.rejectAll(new BusUnavailableError('RabbitMQ went away before the reply came')),
      },
      options,
    );
  }

  start(timeoutMs: number): Promise<void> {
    return this.channel.start(timeoutMs);
  }

  /** @param queue as the broker has it; `to` is its name in errors */
  request(queue: string, to: string, message: OutgoingMessage, options: RequestOptions): Promise<unknown> {
    const { clock, maxPendingRequests, maxMessageBytes } = this.options;
    const now = clock.now();
    if (options.deadline <= now) {
      return Promise.reject(new RequestTimeoutError(`the deadline of a request to queue ${to} has passed already`));
    }
    if (this.pending.size >= maxPendingRequests) {
      return Promise.reject(new BusOverloadedError(`${this.pending.size} requests wait for their replies already`));
    }
    if (!this.channel.current || !this.connection.available) return Promise.reject(this.connection.unavailable());
    const expiresAt = Math.min(message.expiresAt ?? Infinity, options.deadline);
    const request = new SentRequest(String(this.counter++), to, options, this.wheel, this.hooks);
    this.pending.set(request.key, request);
    try {
      const content = encodeBody(message.body, maxMessageBytes);
      if (this.status.isConsumed(queue)) this.send(queue, to, { ...message, expiresAt }, content, request);
      else this.sendIfConsumed(queue, to, { ...message, expiresAt }, content, request);
    } catch (error) {
      request.fail(error);
    }
    return request.promise;
  }

  rejectAll(error: Error): void {
    for (const request of [...this.pending.values()]) request.fail(error);
  }

  get size(): number {
    return this.pending.size;
  }

  /** Everything that the broker had for us before this call has been taken when this resolves. */
  async roundTrip(): Promise<void> {
    await this.channel.current?.checkExchange('amq.topic').catch(() => undefined);
  }

  stop(): void {
    void this.channel.stop();
  }

  private sendIfConsumed(
    queue: string,
    to: string,
    message: OutgoingMessage,
    content: Buffer,
    request: SentRequest,
  ): void {
    this.status.check(queue).then(
      (consumers) => {
        if (!this.pending.has(request.key)) return;
        if (!consumers) request.fail(new NoConsumerError(`nothing consumes queue ${to}`));
        else this.send(queue, to, message, content, request);
      },
      (error: unknown) => request.fail(error),
    );
  }

  private send(queue: string, to: string, message: OutgoingMessage, content: Buffer, request: SentRequest): void {
    const properties = messageProperties(message, false, this.options.clock.now());
    properties.replyTo = DIRECT_REPLY_TO;
    properties.mandatory = true;
    (properties.headers as Headers)[HEADER.request] = request.key;
    const { current } = this.channel;
    if (!current) return request.fail(this.connection.unavailable());
    try {
      current.publish('', queue, content, properties, (error: Error | null) => {
        if (error?.message === 'message nacked') request.fail(new BusOverloadedError(`queue ${to} is full`));
      });
    } catch (error) {
      request.fail(error);
    }
  }

  private onReturn(headers: Headers | undefined): void {
    const request = this.pending.get(String(headers?.[HEADER.request]));
    request?.fail(new NoConsumerError('the queue of a request does not exist any more'));
  }

  private onReply({ content, properties }: ConsumeMessage): void {
    const request = this.pending.get(properties.correlationId as string);
    if (!request) return;
    const headers = properties.headers ?? {};
    const attempt = Number(headers[HEADER.attempt] ?? 1);
    const sequence = Number(headers[HEADER.sequence] ?? 0);
    // a message that was handled twice: the later attempt tells the whole story again
    if (attempt < request.attempt) return;
    if (attempt > request.attempt) {
      request.attempt = attempt;
      request.sequence = 0;
    }
    // sent again because the connection went before the broker had said that it has it
    if (sequence < request.sequence) return;
    if (sequence > request.sequence) {
      const missing = `${sequence - request.sequence} parts of a reply were lost with a connection`;
      this.options.onError(new Error(missing), 'request');
    }
    request.sequence = sequence + 1;
    try {
      const body = decodeBody(content);
      if (properties.type === 'part') request.part(body);
      else request.reply(body);
    } catch (error) {
      request.fail(error);
    }
  }
}

import { BusUnavailableError } from '@signalbox/ports';
import type { Channel } from 'amqplib';
import type { BrokerConnection } from './broker-connection.js';
import type { ResolvedOptions } from './options.js';

/** Queues that are remembered; names are few, so only a mistake gets there. */
const MAX_REMEMBERED = 10_000;

/** An exclusive queue cannot be looked at from another connection; it exists only while it is consumed. */
const LOCKED = 405;
const NOT_FOUND = 404;

interface Seen {
  readonly consumers: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  checking: boolean;
}

/** How many consumers queues have: remembered for a moment, and looked up again before that is over. */
export class QueueStatus {
  private readonly seen = new Map<string, Seen>();
  private readonly underWay = new Map<string, Promise<number | undefined>>();
  private channel: Channel | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly connection: BrokerConnection,
    private readonly options: ResolvedOptions,
  ) {
    connection.onDown(() => {
      this.channel = undefined;
      this.seen.clear();
    });
  }

  /** Whether the queue was seen to have consumers lately; undefined when nobody looked. For hot paths. */
  isConsumed(queue: string): boolean | undefined {
    const seen = this.seen.get(queue);
    if (!seen || seen.consumers === 0) return undefined;
    const age = this.options.clock.now() - seen.at;
    if (age > this.options.queueStatusMs) return undefined;
    if (age > this.options.queueStatusMs / 2 && !seen.checking) {
      seen.checking = true;
      this.check(queue).catch(() => undefined);
    }
    return true;
  }

  /** Consumers of the queue, from the broker; undefined when there is no such queue. */
  check(queue: string): Promise<number | undefined> {
    let check = this.underWay.get(queue);
    if (!check) {
      check = this.inTurn(() => this.ask(queue)).finally(() => this.underWay.delete(queue));
      this.underWay.set(queue, check);
    }
    return check;
  }

  forget(queue: string): void {
    this.seen.delete(queue);
  }

  /** Rejects when the broker does not answer in time. */
  async ping(timeoutMs: number): Promise<void> {
    if (!this.connection.available) throw this.connection.unavailable();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new BusUnavailableError(`RabbitMQ did not answer within ${timeoutMs} ms`);
      timer = setTimeout(() => reject(error), timeoutMs);
    });
    try {
      await Promise.race([this.inTurn(async () => (await this.open()).checkExchange('amq.topic')), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** One after the other: an error closes the channel, and would take other questions with it. */
  private inTurn<T>(ask: () => Promise<T>): Promise<T> {
    const answer = this.last.then(ask);
    this.last = answer.catch(() => undefined);
    return answer;
  }

  private async ask(queue: string): Promise<number | undefined> {
    const { model } = this.connection;
    try {
      const { consumerCount } = await (await this.open()).checkQueue(queue);
      return this.remember(queue, consumerCount);
    } catch (error) {
      this.channel = undefined;
      const { code } = error as { code?: number };
      if (code === LOCKED) return this.remember(queue, 1);
      this.seen.delete(queue);
      if (code === NOT_FOUND) return undefined;
      if (model !== this.connection.model || !this.connection.model) throw this.connection.unavailable();
      throw error;
    }
  }

  private remember(queue: string, consumers: number): number {
    if (this.seen.size >= MAX_REMEMBERED) this.seen.clear();
    this.seen.set(queue, { consumers, at: this.options.clock.now(), checking: false });
    return consumers;
  }

  private async open(): Promise<Channel> {
    if (this.channel) return this.channel;
    const model = await this.connection.ready(this.options.publishTimeoutMs);
    const channel = await model.createChannel();
    const closed = () => {
      if (this.channel === channel) this.channel = undefined;
    };
    channel.on('error', closed);
    channel.on('close', closed);
    return (this.channel = channel);
  }
}

import { queueLimits, settlementOf, type TimerWheel } from '@signalbox/adapter-kit';
import type { MessageHandler, QueueSpec, Settlement } from '@signalbox/ports';
import type { Channel, ConsumeMessage } from 'amqplib';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { BrokerConnection } from './broker-connection.js';
import { attemptOf, expiresAtOf, RabbitMqDelivery } from './delivery.js';
import { KeptChannel } from './kept-channel.js';
import type { ResolvedOptions } from './options.js';
import type { Replies } from './replies.js';
import { declareQueue, QueueMismatchError, type QueueDeclaration, type Topology } from './topology.js';
import { decodeBody } from './wire.js';

const NO_REASON = new Error('thrown without a reason');

/** What consumers need of the bus they belong to. */
export interface ConsumerHost {
  readonly options: ResolvedOptions;
  readonly topology: Topology;
  readonly connection: BrokerConnection;
  readonly replies: Replies;
  readonly wheel: TimerWheel;
  /** Puts a message into the dead letters. Resolves when the broker has it there. */
  park(message: ConsumeMessage, at: { queue: string; attempts: number; reason: string }): Promise<void>;
  /** Puts a message back on its queue with its next attempt. Resolves when the broker has it there. */
  sendAgain(message: ConsumeMessage, queue: string, attempt: number): Promise<void>;
  /** Handlers at work, in all queues. */
  inHand: number;
  /** A handler has finished. */
  settled(): void;
}

/** Consumes one queue over a channel of its own, and settles each message only when its handler has. */
export class QueueConsumer {
  private readonly channel: KeptChannel<Channel>;
  private readonly declaration: QueueDeclaration;
  private readonly prefetch: number;
  private readonly maxRetries: number;
  private readonly inOwnContext = AsyncLocalStorage.snapshot();
  private stopped = false;
  private cleared = false;
  private inHand = 0;
  private consumerTag: string | undefined;

  constructor(
    private readonly spec: QueueSpec,
    private readonly handler: MessageHandler,
    private readonly host: ConsumerHost,
  ) {
    ({ prefetch: this.prefetch, maxRetries: this.maxRetries } = queueLimits(spec));
    this.declaration = host.topology.queue(spec);
    this.channel = new KeptChannel<Channel>(
      host.connection,
      {
        name: `consumer of queue ${spec.name}`,
        create: (model) => model.createChannel(),
        setUp: (channel) => this.setUp(channel),
      },
      host.options,
    );
  }

  get queue(): QueueDeclaration {
    return this.declaration;
  }

  async start(timeoutMs: number): Promise<void> {
    try {
      await this.channel.start(timeoutMs);
    } catch (error) {
      if (!this.cleared) throw error;
      await this.channel.start(timeoutMs);
    }
  }

  /** Nothing more is handed out; what is in hand may finish, and its channel stays open until then. */
  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    const { current } = this.channel;
    if (!current || this.consumerTag === undefined) return this.channel.stop();
    await current.cancel(this.consumerTag).catch(() => undefined);
    if (this.inHand === 0) await this.channel.stop();
  }

  private async setUp(channel: Channel): Promise<void> {
    await this.declare(channel);
    for (const topic of this.spec.topics ?? []) {
      if (topic === '') throw new Error('a topic pattern is words between dots, `*` or `#`; it must not be empty');
      await channel.bindQueue(this.declaration.name, this.host.topology.events.name, topic);
    }
    await channel.prefetch(this.prefetch);
    const { consumerTag } = await channel.consume(
      this.declaration.name,
      (message) => {
        if (message) this.handOut(channel, message);
        // the queue was deleted: declare it again
        else if (!this.stopped) this.channel.renew();
      },
      { exclusive: this.declaration.exclusive },
    );
    this.consumerTag = consumerTag;
  }

  private async declare(channel: Channel): Promise<void> {
    try {
      await declareQueue(channel, this.declaration);
    } catch (error) {
      this.cleared = this.declaration.exclusive && error instanceof QueueMismatchError && (await this.removeLeftover());
      throw error;
    }
  }

  /**
   * Somebody sent to this instance's queue while the instance was away, which made a queue that is kept. What waits
   * there was for the instance's former life.
   */
  private async removeLeftover(): Promise<boolean> {
    const channel = await this.host.connection.model?.createChannel();
    if (!channel) return false;
    channel.on('error', () => undefined);
    try {
      const { consumerCount } = await channel.checkQueue(this.declaration.name);
      if (consumerCount > 0) return false;
      const { messageCount } = await channel.deleteQueue(this.declaration.name);
      const dropped = `${messageCount} messages were sent to it while it was away, and are dropped`;
      this.host.options.onError(new Error(dropped), `queue ${this.spec.name}`);
      return true;
    } catch {
      return false;
    } finally {
      await channel.close().catch(() => undefined);
    }
  }

  private handOut(channel: Channel, message: ConsumeMessage): void {
    if (this.stopped) return settle(() => channel.nack(message, false, true));
    const expiresAt = expiresAtOf(message.properties.headers);
    if (expiresAt !== undefined && expiresAt <= this.host.options.clock.now()) {
      return settle(() => channel.ack(message));
    }
    let body: unknown;
    try {
      body = decodeBody(message.content);
    } catch (error) {
      return void this.park(channel, message, 1, `its body is not JSON: ${(error as Error).message}`);
    }
    const delivery = new RabbitMqDelivery(this.spec.name, message, body, this.host.replies);
    this.inHand++;
    this.host.inHand++;
    let outcome;
    try {
      outcome = this.inOwnContext(this.handler, delivery);
    } catch (error) {
      return this.settled(channel, message, undefined, error ?? NO_REASON);
    }
    if (typeof outcome === 'object' && 'then' in outcome) {
      outcome.then(
        (settlement) => this.settled(channel, message, settlement),
        (error: unknown) => this.settled(channel, message, undefined, error ?? NO_REASON),
      );
    } else {
      this.settled(channel, message, outcome);
    }
  }

  private settled(channel: Channel, message: ConsumeMessage, settlement: Settlement | void, error?: unknown): void {
    this.inHand--;
    this.host.inHand--;
    const verdict = settlementOf(settlement, error);
    if (verdict === 'ack') {
      settle(() => channel.ack(message));
    } else {
      if (error !== undefined) this.host.options.onError(error, `handler of queue ${this.spec.name}`);
      const attempt = attemptOf(message.properties.headers ?? {});
      if (verdict.retry && attempt <= this.maxRetries) this.retryLater(channel, message, attempt);
      else void this.park(channel, message, attempt, verdict.reason);
    }
    this.host.settled();
    if (this.stopped && this.inHand === 0) setImmediate(() => void this.channel.stop());
  }

  /** Holds the message until its back-off is over: it is not lost with this process, and counts as unsettled. */
  private retryLater(channel: Channel, message: ConsumeMessage, attempt: number): void {
    const { wheel, options } = this.host;
    if (this.stopped) return settle(() => channel.nack(message, false, true));
    wheel.schedule(options.clock.now() + options.backoff(attempt), () => {
      // a quorum queue counts rejected deliveries, so that the count outlives this process
      if (this.declaration.arguments['x-queue-type'] === 'quorum') return settle(() => channel.reject(message, true));
      this.host.sendAgain(message, this.declaration.name, attempt + 1).then(
        () => settle(() => channel.ack(message)),
        () => settle(() => channel.nack(message, false, true)),
      );
    });
  }

  private async park(channel: Channel, message: ConsumeMessage, attempts: number, reason: string): Promise<void> {
    try {
      await this.host.park(message, { queue: this.spec.name, attempts, reason });
      settle(() => channel.ack(message));
    } catch (error) {
      this.host.options.onError(error, `dead letter of queue ${this.spec.name}: ${reason}`);
      settle(() => channel.nack(message, false, true));
    }
  }
}

/** A channel that has gone takes no settlement: the broker delivers the message again. */
function settle(how: () => void): void {
  try {
    how();
  } catch {
    return;
  }
}

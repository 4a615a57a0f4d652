import { DEFAULT_DRAIN_MS, TimerWheel } from '@signalbox/adapter-kit';
import {
  BusUnavailableError,
  UnroutableError,
  type Consumer,
  type DeadLetter,
  type MessageBus,
  type MessageHandler,
  type OutgoingMessage,
  type QueueSpec,
  type RequestOptions,
} from '@signalbox/ports';
import type { ChannelModel, ConsumeMessage } from 'amqplib';
import { BrokerConnection } from './broker-connection.js';
import { DeadLetters } from './dead-letters.js';
import { resolveOptions, type RabbitMqBusOptions, type ResolvedOptions } from './options.js';
import { Outbox } from './outbox.js';
import { QueueConsumer, type ConsumerHost } from './queue-consumer.js';
import { QueueStatus } from './queue-status.js';
import { Replies } from './replies.js';
import { Requester } from './requester.js';
import { SendQueues } from './send-queues.js';
import { Topology, type QueueDeclaration } from './topology.js';
import { encodeBody, HEADER, messageProperties } from './wire.js';

const DONE = Promise.resolve();
const CLOSED = 'the bus is closed';

/** How long `close` waits for the broker once handlers are done, milliseconds. */
const FLUSH_MS = 1_000;

/**
 * The bus over RabbitMQ. Publishing and consuming have a connection each: a broker short of memory stops reading from
 * publishers, and must not stop reading acknowledgements with them.
 */
export class RabbitMqBus implements MessageBus {
  readonly system = 'rabbitmq';
  private readonly publishing: BrokerConnection;
  private readonly consuming: BrokerConnection;
  private readonly topology: Topology;
  private readonly wheel: TimerWheel;
  private readonly outbox: Outbox;
  private readonly status: QueueStatus;
  private readonly requester: Requester;
  private readonly replies: Replies;
  private readonly letters: DeadLetters;
  private readonly sendQueues: SendQueues;
  private readonly consumers = new Set<QueueConsumer>();
  private readonly host: ConsumerHost;
  private closing: Promise<void> | undefined;
  private onIdle: (() => void) | undefined;

  private constructor(private readonly options: ResolvedOptions) {
    const topology = (this.topology = new Topology(options.prefix, options.replicateTransient));
    const setUp = (model: ChannelModel) => declare(topology, model);
    this.publishing = new BrokerConnection('publishing', options, setUp);
    this.consuming = new BrokerConnection('consuming', options, setUp);
    this.wheel = new TimerWheel(options.clock);
    this.outbox = new Outbox('publishing channel', this.publishing, options);
    this.status = new QueueStatus(this.publishing, options);
    this.requester = new Requester(this.publishing, this.status, this.wheel, options);
    this.replies = new Replies(this.publishing, options);
    this.letters = new DeadLetters(this.consuming, this.outbox, topology, options);
    this.sendQueues = new SendQueues(this.publishing, this.status, topology);
    this.host = {
      options,
      topology,
      connection: this.consuming,
      replies: this.replies,
      wheel: this.wheel,
      inHand: 0,
      park: (message, at) => this.letters.park(message, at),
      sendAgain: (message, queue, attempt) => this.sendAgain(message, queue, attempt),
      settled: () => {
        if (this.host.inHand === 0) this.onIdle?.();
      },
    };
  }

  /**
   * Connects, and declares exchanges and the queue of dead letters.
   * @throws BusUnavailableError when there is no broker within `openTimeoutMs`
   */
  static async open(options: RabbitMqBusOptions): Promise<RabbitMqBus> {
    const bus = new RabbitMqBus(resolveOptions(options));
    const { openTimeoutMs } = bus.options;
    bus.publishing.start();
    bus.consuming.start();
    try {
      await bus.consuming.ready(openTimeoutMs);
      for (const part of [bus.outbox, bus.requester, bus.replies]) await part.start(openTimeoutMs);
    } catch (error) {
      await bus.close({ drainMs: 0 });
      throw error;
    }
    return bus;
  }

  publish(message: OutgoingMessage, how: { mandatory?: boolean; persistent?: boolean } = {}): Promise<void> {
    if (this.closing) return Promise.reject(closed());
    const { mandatory = false, persistent = true } = how;
    const now = this.options.clock.now();
    if (message.expiresAt !== undefined && message.expiresAt <= now) return DONE;
    try {
      const content = encodeBody(message.body, this.options.maxMessageBytes);
      const properties = messageProperties(message, persistent, now);
      properties.mandatory = mandatory;
      const address = { exchange: this.topology.events.name, routingKey: message.type, name: `topic ${message.type}` };
      return this.outbox.publish(address, content, properties, {
        whenFull: 'wait',
        unconfirmed: !persistent && !mandatory,
      });
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  async send(queue: string, message: OutgoingMessage): Promise<void> {
    if (this.closing) throw closed();
    const now = this.options.clock.now();
    if (message.expiresAt !== undefined && message.expiresAt <= now) return;
    const physical = this.topology.queueName(queue);
    const content = encodeBody(message.body, this.options.maxMessageBytes);
    const properties = messageProperties(message, true, now);
    properties.mandatory = true;
    const address = { exchange: '', routingKey: physical, name: `queue ${queue}` };
    const ensured = this.sendQueues.ensure(queue, this.options.publishTimeoutMs);
    if (ensured) await ensured;
    try {
      await this.outbox.publish(address, content, properties, { whenFull: 'refuse' });
    } catch (error) {
      if (!(error instanceof UnroutableError)) throw error;
      // deleted since we last looked
      this.sendQueues.forget(queue);
      await this.sendQueues.ensure(queue, this.options.publishTimeoutMs);
      await this.outbox.publish(address, content, properties, { whenFull: 'refuse' });
    }
  }

  request(queue: string, message: OutgoingMessage, options: RequestOptions): Promise<unknown> {
    if (this.closing) return Promise.reject(closed());
    if (options.signal?.aborted) return Promise.reject(options.signal.reason as Error);
    return this.requester.request(this.topology.queueName(queue), queue, message, options);
  }

  async consume(spec: QueueSpec, handler: MessageHandler): Promise<Consumer> {
    if (this.closing) throw closed();
    const consumer = new QueueConsumer(spec, handler, this.host);
    this.consumers.add(consumer);
    try {
      await consumer.start(this.options.publishTimeoutMs);
    } catch (error) {
      this.consumers.delete(consumer);
      throw error;
    }
    this.status.forget(consumer.queue.name);
    return {
      cancel: async () => {
        this.consumers.delete(consumer);
        await consumer.stop();
        this.status.forget(consumer.queue.name);
        if (spec.exclusive) this.sendQueues.forget(spec.name);
      },
    };
  }

  deadLetters(options: { queue?: string; limit?: number } = {}): Promise<DeadLetter[]> {
    if (this.closing) return Promise.reject(closed());
    return this.letters.list({ queue: options.queue, limit: options.limit ?? 100 });
  }

  async replayDeadLetter(id: string): Promise<boolean> {
    if (this.closing) throw closed();
    return this.letters.replay(id, ({ queue, message }) => {
      const { expiresAt: _, ...again } = message;
      return this.send(queue, again);
    });
  }

  async ping(): Promise<void> {
    if (this.closing) throw closed();
    if (!this.consuming.model) throw this.consuming.unavailable();
    await this.status.ping(this.options.pingTimeoutMs);
  }

  /** Queues that this process has declared, for metrics and for those who clean up. */
  declaredQueues(): QueueDeclaration[] {
    const consumed = [...this.consumers].map((consumer) => consumer.queue);
    return [this.topology.deadLetters, ...consumed, ...this.sendQueues.declared()];
  }

  close({ drainMs = DEFAULT_DRAIN_MS } = {}): Promise<void> {
    return (this.closing ??= this.shutDown(drainMs));
  }

  private async shutDown(drainMs: number): Promise<void> {
    this.outbox.rejectWaiting(closed());
    const stopped = Promise.all([...this.consumers].map((consumer) => consumer.stop()));
    await this.handlersDone(drainMs);
    await atMost(FLUSH_MS, Promise.all([stopped, this.outbox.flush(FLUSH_MS), this.replies.flush(FLUSH_MS)]));
    // replies to ourselves have passed the broker now
    if (this.requester.size > 0) await atMost(FLUSH_MS, this.requester.roundTrip());
    this.requester.rejectAll(closed());
    this.wheel.clear();
    this.outbox.stop(closed());
    this.requester.stop();
    this.replies.stop(closed());
    await Promise.all([this.publishing.close(), this.consuming.close()]);
  }

  private async handlersDone(drainMs: number): Promise<void> {
    if (this.host.inHand === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, drainMs);
      this.onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private sendAgain({ content, properties }: ConsumeMessage, queue: string, attempt: number): Promise<void> {
    const { messageId, type, correlationId, contentType, replyTo, expiration, deliveryMode, headers } = properties;
    const again = {
      ...{ messageId, type, correlationId, contentType, replyTo, expiration, deliveryMode },
      headers: { ...headers, [HEADER.attempt]: attempt },
      mandatory: true,
    };
    const address = { exchange: '', routingKey: queue, name: `queue ${this.topology.logicalName(queue)}` };
    return this.outbox.publish(address, content, again as object, { whenFull: 'refuse' });
  }
}

async function declare(topology: Topology, model: ChannelModel): Promise<void> {
  const channel = await model.createChannel();
  channel.on('error', () => undefined);
  await topology.declare(channel);
  await channel.close();
}

function closed(): BusUnavailableError {
  return new BusUnavailableError(CLOSED);
}

async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([work, late]);
  clearTimeout(timer);
}

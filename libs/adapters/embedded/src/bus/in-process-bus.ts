import {
  deadLetter,
  DEFAULT_DRAIN_MS,
  PendingRequest,
  queueLimits,
  TimerWheel,
  type RequestHooks,
} from '@signalbox/adapter-kit';
import { PassingList } from '@signalbox/contracts';
import {
  BusOverloadedError,
  BusUnavailableError,
  NoConsumerError,
  UnroutableError,
  type Consumer,
  type DeadLetter,
  type MessageBus,
  type MessageHandler,
  type OutgoingMessage,
  type QueueSpec,
  type RequestOptions,
} from '@signalbox/ports';
import { Bindings } from './bindings.js';
import { MemoryDeadLetters, type DeadLetterStore } from './dead-letters.js';
import { MessageQueue, type QueueHost } from './message-queue.js';
import { QueuedMessage } from './message.js';
import { deepFreeze, resolveBusOptions, type InProcessBusOptions } from './options.js';

const DONE = Promise.resolve();

export interface QueueStatistics {
  readonly name: string;
  readonly waiting: number;
  readonly inHand: number;
  readonly consumers: number;
}

/**
 * The bus of the embedded profile: queues in memory, handlers called directly, nothing copied or serialised.
 * What waits in a queue is lost with the process, as the log is what is durable; parked messages are as durable as
 * the {@link DeadLetterStore} given.
 */
export class InProcessBus implements MessageBus {
  private readonly options;
  private readonly wheel: TimerWheel;
  private readonly queues = new Map<string, MessageQueue>();
  private readonly bindings = new Bindings<MessageQueue>();
  private readonly requests = new PassingList<PendingRequest>();
  private readonly letters: DeadLetterStore;
  private readonly parking = new Set<Promise<void>>();
  private readonly host: QueueHost;
  private readonly requestHooks: RequestHooks;
  private closing = false;
  private onIdle: (() => void) | undefined;

  constructor(options: InProcessBusOptions = {}) {
    this.options = resolveBusOptions(options);
    this.letters = options.deadLetters ?? new MemoryDeadLetters();
    this.wheel = new TimerWheel(this.options.clock);
    this.host = {
      options: this.options,
      wheel: this.wheel,
      paused: false,
      inHand: 0,
      park: (message, reason) => this.park(message, reason),
      settled: () => {
        if (this.closing && this.host.inHand === 0) this.onIdle?.();
      },
    };
    this.requestHooks = {
      settled: ({ place }) => void (place && this.requests.remove(place)),
      onError: this.options.onError,
    };
  }

  publish(message: OutgoingMessage, options?: { mandatory?: boolean; persistent?: boolean }): Promise<void> {
    if (this.closing) return Promise.reject(this.closed());
    const queues = this.bindings.matching(message.type);
    if (queues.length === 0) {
      if (!options?.mandatory) return DONE;
      return Promise.reject(new UnroutableError(`no queue is bound to topic ${message.type}`));
    }
    if (this.options.freezeBodies) deepFreeze(message.body);
    let waits: Promise<void>[] | undefined;
    for (const queue of queues) {
      const wait = queue.publish(new QueuedMessage(message, queue.name, 1));
      if (wait) (waits ??= []).push(wait);
    }
    return waits ? Promise.all(waits).then(() => undefined) : DONE;
  }

  hears(topic: string): boolean {
    // a closed bus does not do nothing: it refuses
    return this.closing || this.bindings.matching(topic).length > 0;
  }

  async send(queueName: string, message: OutgoingMessage): Promise<void> {
    if (this.closing) throw this.closed();
    if (this.options.freezeBodies) deepFreeze(message.body);
    this.queueToSendTo(queueName).enqueue(new QueuedMessage(message, queueName, 1));
  }

  request(queueName: string, message: OutgoingMessage, options: RequestOptions): Promise<unknown> {
    if (this.closing) return Promise.reject(this.closed());
    if (options.signal?.aborted) return Promise.reject(options.signal.reason as Error);
    const queue = this.queues.get(queueName);
    if (!queue || queue.consumerCount === 0) {
      return Promise.reject(new NoConsumerError(`nothing consumes queue ${queueName}`));
    }
    if (this.options.freezeBodies) deepFreeze(message.body);
    const pending = new PendingRequest(queueName, options, this.wheel, this.requestHooks);
    pending.place = this.requests.add(pending);
    try {
      queue.enqueue(new QueuedMessage(message, queueName, 1, pending));
    } catch (error) {
      pending.fail(error);
    }
    return pending.promise;
  }

  async consume(spec: QueueSpec, handler: MessageHandler): Promise<Consumer> {
    if (this.closing) throw this.closed();
    const { prefetch, maxRetries, maxLength } = queueLimits(spec);
    const queue = this.declare(spec.name);
    if (queue.consumerCount > 0 && (queue.exclusive || spec.exclusive)) {
      throw new Error(`queue ${spec.name} is ${queue.exclusive ? 'exclusive' : 'shared'} and has a consumer already`);
    }
    queue.exclusive = spec.exclusive ?? false;
    queue.maxLength = maxLength;
    for (const topic of spec.topics ?? []) this.bindings.bind(topic, queue);
    const consumer = queue.addConsumer(handler, { prefetch, maxRetries });
    return {
      cancel: () => {
        queue.removeConsumer(consumer);
        if (queue.exclusive && this.queues.get(queue.name) === queue) this.deleteQueue(queue);
        return DONE;
      },
    };
  }

  async deadLetters(options: { queue?: string; limit?: number } = {}): Promise<DeadLetter[]> {
    await Promise.all(this.parking);
    return this.letters.list({ queue: options.queue, limit: options.limit ?? 100 });
  }

  async replayDeadLetter(id: string): Promise<boolean> {
    if (this.closing) throw this.closed();
    const letter = await this.letters.get(id);
    if (!letter) return false;
    const { expiresAt: _, ...message } = letter.message;
    // removed first: two operators who replay it at once must not make two of it
    if (!(await this.letters.remove(id))) return false;
    try {
      await this.send(letter.queue, message);
    } catch (error) {
      await this.letters.add(letter);
      throw error;
    }
    return true;
  }

  async ping(): Promise<void> {
    if (this.closing) throw this.closed();
  }

  /** Figures of all queues, for metrics. */
  statistics(): QueueStatistics[] {
    return [...this.queues.values()].map((queue) => ({
      name: queue.name,
      waiting: queue.length,
      inHand: queue.inHand,
      consumers: queue.consumerCount,
    }));
  }

  async close({ drainMs = DEFAULT_DRAIN_MS } = {}): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    this.host.paused = true;
    const error = this.closed();
    for (const queue of this.queues.values()) queue.rejectWaiting(error);
    await this.handlersDone(drainMs);
    for (const request of this.requests.all()) request.fail(error);
    this.wheel.clear();
    this.queues.clear();
    await Promise.all(this.parking);
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

  private park(message: QueuedMessage, reason: string): void {
    const { queue, attempt } = message;
    const letter = deadLetter(message, { queue, attempts: attempt, reason, now: this.options.clock.now() });
    const parked = this.letters
      .add(letter, { transient: message.isRequest })
      .catch((error: unknown) => this.options.onError(error, `dead letter of queue ${queue}: ${reason}`))
      .finally(() => this.parking.delete(parked));
    this.parking.add(parked);
  }

  private queueToSendTo(name: string): MessageQueue {
    const known = this.queues.get(name);
    if (known) return known;
    const queue = this.declare(name);
    queue.maxLength = this.options.undeclaredMaxLength;
    return queue;
  }

  private declare(name: string): MessageQueue {
    let queue = this.queues.get(name);
    if (!queue) {
      if (this.queues.size >= this.options.maxQueues) {
        throw new BusOverloadedError(
          `no room for queue ${name}: there are ${this.queues.size} queues, the most allowed`,
        );
      }
      queue = new MessageQueue(name, this.host);
      this.queues.set(name, queue);
    }
    return queue;
  }

  private deleteQueue(queue: MessageQueue): void {
    this.queues.delete(queue.name);
    this.bindings.unbind(queue);
    queue.delete();
  }

  private closed(): BusUnavailableError {
    return new BusUnavailableError('the bus is closed');
  }
}

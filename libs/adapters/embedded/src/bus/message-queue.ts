import { Fifo, QUEUE_DEFAULTS, settlementOf, type TimerWheel } from '@signalbox/adapter-kit';
import { BusOverloadedError, NoConsumerError, type MessageHandler, type Settlement } from '@signalbox/ports';
import type { QueuedMessage } from './message.js';
import type { ResolvedBusOptions } from './options.js';
import { QueueConsumer } from './queue-consumer.js';

/** Hand-outs in a row before the event loop gets a turn: handlers that feed their own queue must not starve I/O. */
const MAX_BURST = 256;

const NO_REASON = new Error('thrown without a reason');

/** What a queue needs of the bus it belongs to. */
export interface QueueHost {
  readonly options: ResolvedBusOptions;
  readonly wheel: TimerWheel;
  /** Nothing is handed out. */
  paused: boolean;
  park(message: QueuedMessage, reason: string): void;
  /** Handlers at work, in all queues. */
  inHand: number;
  /** A handler has finished. */
  settled(): void;
}

interface WaitingPublish {
  readonly message: QueuedMessage;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class MessageQueue {
  private readonly waiting = new Fifo<QueuedMessage>();
  private readonly publishes = new Fifo<WaitingPublish>();
  private consumers: QueueConsumer[] = [];
  private turn = 0;
  private burst = 0;
  private scheduled = false;
  private deleted = false;
  /** Waiting for their next attempt; they count as waiting messages. */
  private delayed = 0;
  /** Handed out and not settled. */
  inHand = 0;
  exclusive = false;
  maxLength: number = QUEUE_DEFAULTS.maxLength;

  constructor(
    readonly name: string,
    private readonly host: QueueHost,
  ) {}

  get consumerCount(): number {
    return this.consumers.length;
  }

  /** Messages that count against `maxLength`. */
  get length(): number {
    return this.waiting.length + this.delayed;
  }

  /** @throws BusOverloadedError when it is full */
  enqueue(message: QueuedMessage): void {
    if (this.length >= this.maxLength) throw this.full();
    this.waiting.push(message);
    this.wake();
  }

  /** Takes the message now, or when there is room; undefined means now. */
  publish(message: QueuedMessage): Promise<void> | undefined {
    if (this.length < this.maxLength) {
      this.waiting.push(message);
      this.wake();
      return undefined;
    }
    const { publishTimeoutMs, maxWaitingPublishes, clock } = this.host.options;
    if (this.publishes.length >= maxWaitingPublishes) return Promise.reject(this.full());
    return new Promise((resolve, reject) => {
      const publish: WaitingPublish = {
        message,
        resolve: () => (this.host.wheel.cancel(timer), resolve()),
        reject: (error) => (this.host.wheel.cancel(timer), reject(error)),
      };
      const timer = this.host.wheel.schedule(clock.now() + publishTimeoutMs, () => {
        if (this.publishes.remove(publish)) reject(this.full());
      });
      this.publishes.push(publish);
    });
  }

  addConsumer(handler: MessageHandler, options: { prefetch: number; maxRetries: number }): QueueConsumer {
    const consumer = new QueueConsumer(handler, options.prefetch, options.maxRetries);
    this.consumers.push(consumer);
    this.wake();
    return consumer;
  }

  removeConsumer(consumer: QueueConsumer): void {
    this.consumers = this.consumers.filter((other) => other !== consumer);
    this.turn = 0;
  }

  /** Drops what waits: for an exclusive queue whose consumer has gone. */
  delete(): void {
    this.deleted = true;
    const gone = new NoConsumerError(`queue ${this.name} was deleted with its consumer`);
    for (const message of this.waiting.drain()) message.abandon(gone);
    // to the publisher it is the same as if the queue had gone a moment earlier
    for (const publish of this.publishes.drain()) publish.resolve();
  }

  rejectWaiting(error: Error): void {
    for (const publish of this.publishes.drain()) publish.reject(error);
  }

  private full(): BusOverloadedError {
    return new BusOverloadedError(`queue ${this.name} is full: ${this.length} of ${this.maxLength} messages wait`);
  }

  private wake(): void {
    if (this.scheduled || this.consumers.length === 0) return;
    this.scheduled = true;
    // not at once: a sender must not find itself below the handler on the stack
    if (this.burst < MAX_BURST) queueMicrotask(this.handOut);
    else setImmediate(this.handOutAfresh);
  }

  private readonly handOutAfresh = (): void => {
    this.burst = 0;
    this.handOut();
  };

  private readonly handOut = (): void => {
    this.scheduled = false;
    while (this.waiting.length > 0 && !this.host.paused) {
      if (this.burst >= MAX_BURST) return this.wake();
      const consumer = this.nextConsumer();
      if (!consumer) return;
      const message = this.waiting.shift()!;
      this.burst++;
      this.admit();
      if (message.expiresAt === undefined || message.expiresAt > this.host.options.clock.now()) {
        this.deliver(consumer, message);
      }
    }
  };

  private admit(): void {
    while (this.publishes.length > 0 && this.length < this.maxLength) {
      const publish = this.publishes.shift()!;
      this.waiting.push(publish.message);
      publish.resolve();
    }
  }

  private nextConsumer(): QueueConsumer | undefined {
    const { consumers } = this;
    for (let i = 0; i < consumers.length; i++) {
      const index = (this.turn + i) % consumers.length;
      const consumer = consumers[index]!;
      if (consumer.hasCapacity) {
        this.turn = (index + 1) % consumers.length;
        return consumer;
      }
    }
    return undefined;
  }

  private deliver(consumer: QueueConsumer, message: QueuedMessage): void {
    consumer.inHand++;
    this.inHand++;
    this.host.inHand++;
    let outcome;
    try {
      outcome = consumer.handle(message);
    } catch (error) {
      return this.settle(consumer, message, undefined, error ?? NO_REASON);
    }
    if (outcome instanceof Promise) {
      outcome.then(
        (settlement) => this.settle(consumer, message, settlement),
        (error: unknown) => this.settle(consumer, message, undefined, error ?? NO_REASON),
      );
    } else {
      this.settle(consumer, message, outcome);
    }
  }

  private settle(
    consumer: QueueConsumer,
    message: QueuedMessage,
    settlement: Settlement | void,
    error?: unknown,
  ): void {
    consumer.inHand--;
    this.inHand--;
    this.host.inHand--;
    const verdict = settlementOf(settlement, error);
    if (verdict !== 'ack') {
      if (error !== undefined) this.host.options.onError(error, `handler of queue ${this.name}`);
      if (verdict.retry && message.attempt <= consumer.maxRetries) this.retryLater(message);
      else this.host.park(message, verdict.reason);
    }
    this.host.settled();
    if (this.waiting.length > 0) this.wake();
  }

  private retryLater(message: QueuedMessage): void {
    // a handler that ends after the bus: a timer for its message would keep the process alive, and nobody gets it
    if (this.host.paused) return;
    const { backoff, clock } = this.host.options;
    this.delayed++;
    this.host.wheel.schedule(clock.now() + backoff(message.attempt), () => {
      this.delayed--;
      if (this.deleted) return;
      this.waiting.push(message.nextAttempt());
      this.wake();
    });
  }
}

import { Fifo } from '@signalbox/adapter-kit';
import { BusOverloadedError, BusUnavailableError, UnroutableError } from '@signalbox/ports';
import type { ConfirmChannel, Message, Options } from 'amqplib';
import type { BrokerConnection } from './broker-connection.js';
import { KeptChannel } from './kept-channel.js';
import type { ResolvedOptions } from './options.js';

const SWEEP_MS = 20;
const DONE = Promise.resolve();

export interface Address {
  readonly exchange: string;
  readonly routingKey: string;
  /** In error messages: `queue x` or `topic y`. */
  readonly name: string;
}

export interface PublishHow {
  /** What to do when a queue is full: a publish waits for room, a send is refused. */
  readonly whenFull: 'wait' | 'refuse';
  /** Resolves before the broker has confirmed; a failure then is reported and thrown to nobody. */
  readonly unconfirmed?: boolean;
}

class Publication {
  /** Milliseconds since the epoch. */
  deadline = 0;
  returned = false;
  settled = false;
  /** It is the one of its topic that tries whether there is room again. */
  probing = false;
  /** Another one under way with the same address and id: the broker's return cannot tell them apart. */
  twin: Publication | undefined;
  resolve: () => void = () => undefined;
  reject: (error: Error) => void = () => undefined;

  constructor(
    readonly to: Address,
    readonly content: Buffer,
    readonly properties: Options.Publish,
    readonly how: PublishHow,
  ) {}

  get key(): string {
    return `${this.to.exchange} ${this.to.routingKey} ${String(this.properties.messageId)}`;
  }
}

interface RefusedTopic {
  readonly waiting: Fifo<Publication>;
  probing: boolean;
}

/**
 * Publishes with confirms. What the broker has not confirmed when the connection goes is published again; what cannot
 * go out waits, bounded in time, number and bytes, and then fails: nothing is dropped silently.
 */
export class Outbox {
  private readonly channel: KeptChannel<ConfirmChannel>;
  private waiting = new Fifo<Publication>();
  private readonly inFlight = new Set<Publication>();
  private readonly mandatory = new Map<string, Publication>();
  /** Publishes refused by a full queue, by topic; only the first of each is tried again, so that order is kept. */
  private readonly refused = new Map<string, RefusedTopic>();
  private readonly lost: Publication[] = [];
  private waitingCount = 0;
  private waitingBytes = 0;
  private sweeper: NodeJS.Timeout | undefined;
  private onEmpty: (() => void) | undefined;

  constructor(
    name: string,
    private readonly connection: BrokerConnection,
    private readonly options: ResolvedOptions,
  ) {
    this.channel = new KeptChannel<ConfirmChannel>(
      connection,
      {
        name,
        create: (model) => model.createConfirmChannel(),
        setUp: async (channel) => {
          channel.on('return', (message) => this.onReturn(message));
          setImmediate(() => this.pump());
        },
        down: () => this.takeBack(),
      },
      options,
    );
    connection.onUp(() => this.pump());
  }

  start(timeoutMs: number): Promise<void> {
    return this.channel.start(timeoutMs);
  }

  /**
   * @throws UnroutableError when it is mandatory and no queue takes it
   * @throws BusOverloadedError when a queue is full, or too many messages wait
   * @throws BusUnavailableError when the broker did not confirm in time: it may have the message all the same
   */
  publish(to: Address, content: Buffer, properties: Options.Publish, how: PublishHow): Promise<void> {
    const publication = new Publication(to, content, properties, how);
    publication.deadline = this.options.clock.now() + this.options.publishTimeoutMs;
    if (how.unconfirmed) publication.reject = (error) => this.options.onError(error, `message to ${to.name}`);
    const free = this.waiting.length === 0 && this.canWrite && !this.refused.has(to.routingKey);
    if (!free && !this.hasRoom(content.length)) {
      return Promise.reject(
        new BusOverloadedError(`${this.waitingCount} messages wait for RabbitMQ already, of ${content.length} bytes`),
      );
    }
    const promise = how.unconfirmed
      ? DONE
      : new Promise<void>((resolve, reject) => {
          publication.resolve = resolve;
          publication.reject = reject;
        });
    this.sweeper ??= setInterval(() => this.sweep(), SWEEP_MS);
    if (free) this.write(publication);
    else this.wait(publication);
    return promise;
  }

  /** Fails what waits for room or for the broker. */
  rejectWaiting(error: Error): void {
    for (const publication of this.waiting.drain()) this.fail(publication, error, true);
    for (const refused of this.refused.values()) {
      for (const publication of refused.waiting.drain()) this.fail(publication, error, true);
    }
    this.refused.clear();
  }

  /** Waits until everything under way is confirmed, at most `timeoutMs`. */
  async flush(timeoutMs: number): Promise<void> {
    if (this.inFlight.size === 0 || !this.channel.current) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.onEmpty = () => (clearTimeout(timer), resolve());
    });
  }

  stop(error: Error): void {
    clearInterval(this.sweeper);
    this.sweeper = undefined;
    this.rejectWaiting(error);
    for (const publication of this.inFlight) this.settle(publication, error);
    this.inFlight.clear();
    void this.channel.stop();
  }

  private get canWrite(): boolean {
    return (
      this.channel.current !== undefined &&
      this.connection.available &&
      this.inFlight.size < this.options.maxUnconfirmed
    );
  }

  private hasRoom(bytes: number): boolean {
    const { maxWaitingMessages, maxWaitingBytes } = this.options;
    return this.waitingCount < maxWaitingMessages && this.waitingBytes + bytes <= maxWaitingBytes;
  }

  private wait(publication: Publication): void {
    this.count(publication, 1);
    const behind = this.refused.get(publication.to.routingKey)?.waiting;
    (behind ?? this.waiting).push(publication);
  }

  private count(publication: Publication, sign: 1 | -1): void {
    this.waitingCount += sign;
    this.waitingBytes += sign * publication.content.length;
  }

  private write(publication: Publication): void {
    const { to, content, properties } = publication;
    publication.returned = false;
    try {
      this.channel.current!.publish(to.exchange, to.routingKey, content, properties, (error: Error | null) =>
        this.onConfirm(publication, error),
      );
    } catch (error) {
      return this.settle(publication, error as Error);
    }
    this.inFlight.add(publication);
    if (properties.mandatory) {
      publication.twin = this.mandatory.get(publication.key);
      this.mandatory.set(publication.key, publication);
    }
  }

  private onReturn({ fields, properties }: Message): void {
    const { exchange, routingKey } = fields as unknown as Record<string, string>;
    const key = `${exchange} ${routingKey} ${String(properties.messageId)}`;
    for (let one = this.mandatory.get(key); one; one = one.twin) one.returned = true;
  }

  private onConfirm(publication: Publication, error: Error | null): void {
    this.inFlight.delete(publication);
    if (publication.properties.mandatory && this.mandatory.get(publication.key) === publication) {
      this.mandatory.delete(publication.key);
    }
    const refused = publication.probing ? this.refused.get(publication.to.routingKey) : undefined;
    if (refused) refused.probing = false;
    if (publication.settled) return this.afterConfirm();
    if (error === null) {
      if (publication.returned) this.settle(publication, new UnroutableError(`no queue takes ${publication.to.name}`));
      else this.settle(publication);
      this.probe(publication.to.routingKey);
    } else if (error.message === 'message nacked') {
      this.onFull(publication);
    } else {
      this.lost.push(publication);
    }
    this.afterConfirm();
  }

  private afterConfirm(): void {
    if (this.inFlight.size === 0) this.onEmpty?.();
    if (this.waiting.length > 0) this.pump();
  }

  private onFull(publication: Publication): void {
    if (publication.how.whenFull === 'refuse') return this.settle(publication, full(publication));
    this.count(publication, 1);
    const { routingKey } = publication.to;
    let refused = this.refused.get(routingKey);
    if (!refused) this.refused.set(routingKey, (refused = { waiting: new Fifo(), probing: false }));
    // those that were in flight behind the first come back in their order, and before any that came later
    const later = refused.waiting.drain();
    const place = later.findIndex((one) => one.deadline > publication.deadline);
    later.splice(publication.probing ? 0 : place < 0 ? later.length : place, 0, publication);
    for (const one of later) refused.waiting.push(one);
  }

  /** Lets the first of the refused try; the others follow when it has got through. */
  private probe(routingKey: string): void {
    const refused = this.refused.get(routingKey);
    if (!refused || refused.probing || !this.canWrite) return;
    const publication = refused.waiting.shift();
    if (!publication) return void this.refused.delete(routingKey);
    this.count(publication, -1);
    publication.probing = true;
    refused.probing = true;
    this.write(publication);
    if (publication.settled) refused.probing = false;
  }

  private takeBack(): void {
    const again = [...this.lost.splice(0), ...this.waiting.drain()];
    this.waitingCount = this.waitingBytes = 0;
    for (const publication of again) {
      this.waiting.push(publication);
      this.count(publication, 1);
    }
    for (const refused of this.refused.values()) {
      refused.probing = false;
      const all = refused.waiting.drain();
      for (const publication of all) {
        refused.waiting.push(publication);
        this.count(publication, 1);
      }
    }
  }

  private pump(): void {
    while (this.waiting.length > 0 && this.canWrite) {
      const publication = this.waiting.shift()!;
      this.count(publication, -1);
      this.write(publication);
    }
  }

  private sweep(): void {
    const now = this.options.clock.now();
    for (const publication of this.inFlight) {
      if (publication.deadline > now) break;
      // stays in flight, so that a late confirmation finds it; the caller does not wait for that
      if (!publication.settled) this.settle(publication, this.late());
    }
    this.expire(this.waiting, now, () =>
      this.connection.model && !this.connection.blocked ? this.late() : this.connection.unavailable(),
    );
    for (const [routingKey, refused] of this.refused) {
      this.expire(refused.waiting, now, full);
      this.probe(routingKey);
    }
    this.pump();
    if (this.inFlight.size + this.waiting.length + this.refused.size === 0) {
      clearInterval(this.sweeper);
      this.sweeper = undefined;
    }
  }

  private expire(queue: Fifo<Publication>, now: number, error: (publication: Publication) => Error): void {
    const all = queue.drain();
    for (const publication of all) {
      if (publication.deadline <= now) this.fail(publication, error(publication), true);
      else queue.push(publication);
    }
  }

  private fail(publication: Publication, error: Error, waited: boolean): void {
    if (waited) this.count(publication, -1);
    this.settle(publication, error);
  }

  private settle(publication: Publication, error?: Error): void {
    publication.settled = true;
    if (error) publication.reject(error);
    else publication.resolve();
  }

  private late(): BusUnavailableError {
    return new BusUnavailableError(
      `RabbitMQ did not confirm within ${this.options.publishTimeoutMs} ms; it may have the message all the same`,
    );
  }
}

function full(publication: Publication): BusOverloadedError {
  return new BusOverloadedError(`${publication.to.name} is full`);
}

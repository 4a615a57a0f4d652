import { newId } from '@signalbox/contracts';
import type { Consumer, Delivery, MessageBus, MessageHandler, OutgoingMessage, QueueSpec } from '@signalbox/ports';
import { afterEach, beforeEach, vi } from 'vitest';

export interface MessageBusHarness {
  /** A place for a broker's queues, empty of other tests' messages or shared: names of queues and topics are unique. */
  newPlace(): Promise<string>;
  /** @param options.backoffMs a retried message comes back after about this long */
  open(place: string, options: { backoffMs: number; publishTimeoutMs: number }): Promise<MessageBus>;
  removePlace?(place: string): Promise<void>;
}

export interface MessageBusCapabilities {
  /** Whether two buses at one place share their queues, as two connections to a broker do. */
  readonly sharedBetweenConnections: boolean;
  /** Whether parked messages are still there after the bus was closed and opened again. */
  readonly persistentDeadLetters: boolean;
  /** Messages that a queue may take beyond its `maxLength` before it refuses; default 0. */
  readonly lengthMargin?: number;
}

export const BACKOFF_MS = 20;
export const PUBLISH_TIMEOUT_MS = 300;

/** A bus of one test with helpers; names made by it are unique. */
export class BusUnderTest {
  bus!: MessageBus;
  place!: string;
  private readonly prefix = `t${newId().toLowerCase()}`;
  private readonly opened: MessageBus[] = [];
  private readonly gates: (() => void)[] = [];
  private names = 0;

  constructor(private readonly harness: MessageBusHarness) {}

  async start(): Promise<void> {
    this.place = await this.harness.newPlace();
    this.bus = await this.open();
  }

  async open(): Promise<MessageBus> {
    const bus = await this.harness.open(this.place, { backoffMs: BACKOFF_MS, publishTimeoutMs: PUBLISH_TIMEOUT_MS });
    this.opened.push(bus);
    return bus;
  }

  async stop(): Promise<void> {
    for (const open of this.gates) open();
    for (const bus of this.opened) await bus.close({ drainMs: 1000 });
    await this.harness.removePlace?.(this.place);
  }

  /** A name for a queue, or the first word of a topic, that no other test uses. */
  name(): string {
    return `${this.prefix}n${this.names++}`;
  }

  /** Consumes and keeps what arrives. */
  async collect(spec: QueueSpec, handler: MessageHandler = () => 'ack', bus = this.bus): Promise<Collected> {
    const deliveries: Delivery[] = [];
    const consumer = await bus.consume(spec, (delivery) => {
      deliveries.push(delivery);
      return handler(delivery);
    });
    return {
      queue: spec.name,
      deliveries,
      consumer,
      bodies: () => deliveries.map(({ body }) => body),
      count: (count) => vi.waitFor(() => atLeast(deliveries.length, count), { timeout: 5000, interval: 5 }),
    };
  }

  /** A promise that a handler can wait for until the test opens it; open at the end of the test in any case. */
  gate(): { readonly opened: Promise<void>; open(): void } {
    let open!: () => void;
    const opened = new Promise<void>((resolve) => (open = resolve));
    this.gates.push(open);
    return { opened, open };
  }
}

export interface Collected {
  readonly queue: string;
  readonly deliveries: readonly Delivery[];
  readonly consumer: Consumer;
  bodies(): unknown[];
  /** Waits until that many have arrived. */
  count(count: number): Promise<void>;
}

function atLeast(actual: number, expected: number): void {
  if (actual < expected) throw new Error(`${actual} of ${expected} messages have arrived`);
}

/** Registers the bus of each test of the enclosing `describe`. */
export function busForEachTest(harness: MessageBusHarness): () => BusUnderTest {
  let current: BusUnderTest;
  beforeEach(async () => {
    current = new BusUnderTest(harness);
    await current.start();
  });
  afterEach(() => current.stop());
  return () => current;
}

export function message(type: string, body: unknown, more: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { id: newId(), type, body, ...more };
}

export const soon = (ms = 5_000): number => Date.now() + ms;

/** Long enough for a message that must not come to come. */
export const quietMoment = (ms = 80): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

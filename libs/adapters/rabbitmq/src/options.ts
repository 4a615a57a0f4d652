import { exponentialBackoff } from '@signalbox/adapter-kit';
import { systemClock, type Clock } from '@signalbox/ports';

export interface RabbitMqBusOptions {
  /** `amqp://` or `amqps://`, with user, password and virtual host. */
  readonly url: string;
  /** Names the connections at the broker. */
  readonly instanceId: string;
  /** Before the names of all exchanges and queues; default none. */
  readonly prefix?: string;
  /**
   * Keeps transient queues in quorum queues, too; default false. In a cluster a classic queue is away for as long as
   * its node is: replicated ones are half as fast, and stay.
   */
  readonly replicateTransient?: boolean;
  readonly clock?: Clock;
  /** Milliseconds before attempt `attempt` + 1 of a message; default {@link exponentialBackoff}. */
  readonly backoff?: (attempt: number) => number;
  /** How long a publish or send waits for the broker, or for room in a full queue, milliseconds; default 5000. */
  readonly publishTimeoutMs?: number;
  /** Publishes and sends that may wait; default 10 000. */
  readonly maxWaitingMessages?: number;
  /** Bytes of the publishes and sends that may wait; default 64 MiB. */
  readonly maxWaitingBytes?: number;
  /** Publishes and sends that the broker has and has not confirmed; default 1024. */
  readonly maxUnconfirmed?: number;
  /** Requests that wait for their reply; default 10 000. */
  readonly maxPendingRequests?: number;
  /** Bytes of one message; default 16 MiB, which is also the broker's default. */
  readonly maxMessageBytes?: number;
  /** Seconds between heartbeats; a connection is given up after two that are missing; default 5. */
  readonly heartbeatSeconds?: number;
  /** One attempt to connect, milliseconds; default 5000. */
  readonly connectTimeoutMs?: number;
  /** How long `open` tries before it rejects, milliseconds; default 10 000. */
  readonly openTimeoutMs?: number;
  /** Delays between attempts to connect, milliseconds; default 100 … 5000, with jitter. */
  readonly reconnect?: { readonly minMs?: number; readonly maxMs?: number };
  /** How long a queue counts as consumed after it was seen to be, milliseconds; default 1000. */
  readonly queueStatusMs?: number;
  /** Default 2000. */
  readonly pingTimeoutMs?: number;
  /** Hears of errors that no caller can be told of, and of lost and regained connections. */
  readonly onError?: (error: unknown, where: string) => void;
}

export type ResolvedOptions = Required<Omit<RabbitMqBusOptions, 'reconnect'>> & {
  readonly reconnectDelay: (attempt: number) => number;
};

/** Limits and their defaults; the unit is in the name, or messages, requests or bytes. */
export const BUS_LIMITS = {
  publishTimeoutMs: 5_000,
  maxWaitingMessages: 10_000,
  maxWaitingBytes: 64 * 1024 * 1024,
  maxUnconfirmed: 1_024,
  maxPendingRequests: 10_000,
  maxMessageBytes: 16 * 1024 * 1024,
  heartbeatSeconds: 5,
  connectTimeoutMs: 5_000,
  openTimeoutMs: 10_000,
  queueStatusMs: 1_000,
  pingTimeoutMs: 2_000,
} as const;

const RECONNECT = { minMs: 100, maxMs: 5_000 };

export function resolveOptions(options: RabbitMqBusOptions): ResolvedOptions {
  const { reconnect, ...given } = options;
  const protocol = URL.canParse(options.url) ? new URL(options.url).protocol : undefined;
  if (protocol !== 'amqp:' && protocol !== 'amqps:') {
    throw new TypeError(`the URL of RabbitMQ is not one of amqp:// or amqps://`);
  }
  const { minMs, maxMs } = { ...RECONNECT, ...reconnect };
  return {
    ...BUS_LIMITS,
    prefix: '',
    replicateTransient: false,
    clock: systemClock,
    backoff: exponentialBackoff(),
    onError: () => undefined,
    ...defined(given),
    // the lower half of the first delay is jitter
    reconnectDelay: exponentialBackoff({ baseMs: 2 * minMs, maxMs }),
  };
}

/** Without the properties that are undefined, which would hide defaults. */
function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T;
}

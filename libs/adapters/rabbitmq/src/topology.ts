import { queueLimits } from '@signalbox/adapter-kit';
import type { QueueSpec } from '@signalbox/ports';
import type { Channel } from 'amqplib';

export interface ExchangeDeclaration {
  readonly name: string;
  readonly type: 'topic' | 'headers';
  readonly purpose: string;
}

export interface QueueDeclaration {
  readonly name: string;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  readonly arguments: Readonly<Record<string, string | number>>;
  readonly purpose: string;
}

/**
 * Deliveries of one message that end with its consumer's connection before it is parked: the net below `maxRetries`,
 * for messages that bring down the process that handles them.
 */
export const DELIVERY_LIMIT = 20;

/** Parked messages that are kept; the oldest make room. */
export const MAX_DEAD_LETTERS = 10_000;
export const MAX_DEAD_LETTER_BYTES = 256 * 1024 * 1024;

/** Every exchange and queue of the suite at a broker. Names of other queues come from {@link QueueSpec}. */
export class Topology {
  readonly events: ExchangeDeclaration;
  readonly undeliverable: ExchangeDeclaration;
  readonly deadLetters: QueueDeclaration;

  constructor(
    readonly prefix = '',
    private readonly replicateTransient = false,
  ) {
    this.events = {
      name: `${prefix}mcp-events`,
      type: 'topic',
      purpose: 'every event, by its type',
    };
    this.undeliverable = {
      name: `${prefix}mcp-undeliverable`,
      type: 'headers',
      purpose: 'what work queues give up; only what reached the delivery limit goes on to the dead letters',
    };
    this.deadLetters = {
      name: `${prefix}mcp.dead-letters`,
      durable: true,
      exclusive: false,
      autoDelete: false,
      arguments: {
        'x-queue-type': 'quorum',
        // listing returns what it has read to the queue, which must not count
        'x-delivery-limit': -1,
        'x-max-length': MAX_DEAD_LETTERS,
        'x-max-length-bytes': MAX_DEAD_LETTER_BYTES,
        'x-overflow': 'drop-head',
      },
      purpose: 'parked messages, until an operator replays them',
    };
  }

  /** @param name without the prefix */
  queueName(name: string): string {
    return this.prefix + name;
  }

  /** @param physical as the broker has it */
  logicalName(physical: string): string {
    return physical.startsWith(this.prefix) ? physical.slice(this.prefix.length) : physical;
  }

  /** How the queue of a spec is declared. @throws RangeError for limits that are not allowed */
  queue(spec: QueueSpec): QueueDeclaration {
    const { maxLength, maxRetries } = queueLimits(spec);
    if (maxRetries >= DELIVERY_LIMIT) {
      throw new RangeError(`queue ${spec.name}: maxRetries is ${maxRetries}; allowed: 0 to ${DELIVERY_LIMIT - 1}`);
    }
    const bounds = { 'x-max-length': maxLength, 'x-overflow': 'reject-publish' };
    const name = this.queueName(spec.name);
    if (spec.exclusive) {
      return {
        name,
        durable: false,
        exclusive: true,
        autoDelete: true,
        arguments: bounds,
        purpose: 'of one instance, gone with it',
      };
    }
    const shared = { name, durable: true, exclusive: false, autoDelete: false };
    if (spec.transient && !this.replicateTransient) {
      return { ...shared, arguments: bounds, purpose: 'commands whose requester asks again' };
    }
    return {
      ...shared,
      arguments: {
        'x-queue-type': 'quorum',
        'x-delivery-limit': DELIVERY_LIMIT,
        'x-dead-letter-exchange': this.undeliverable.name,
        ...bounds,
      },
      purpose: 'work, kept until it is done',
    };
  }

  /** Exchanges and the queue of parked messages; the same again changes nothing. */
  async declare(channel: Channel): Promise<void> {
    for (const { name, type } of [this.events, this.undeliverable]) {
      await channel.assertExchange(name, type, { durable: true });
    }
    await declareQueue(channel, this.deadLetters);
    // a message that merely expired is of no interest to anybody
    await channel.bindQueue(this.deadLetters.name, this.undeliverable.name, '', {
      'x-match': 'all-with-x',
      'x-first-death-reason': 'delivery_limit',
    });
  }
}

/** The queue of that name exists and was declared otherwise. */
export class QueueMismatchError extends Error {
  override readonly name = 'QueueMismatchError';
}

/** @throws QueueMismatchError naming queue and argument when it exists with others; the channel is closed then */
export async function declareQueue(channel: Channel, queue: QueueDeclaration): Promise<void> {
  const { durable, exclusive, autoDelete } = queue;
  try {
    await channel.assertQueue(queue.name, { durable, exclusive, autoDelete, arguments: { ...queue.arguments } });
  } catch (error) {
    throw mismatch(queue, error) ?? error;
  }
}

function mismatch(queue: QueueDeclaration, error: unknown): QueueMismatchError | undefined {
  const { code, message } = error as { code?: number; message: string };
  if (code === 405) {
    const problem = queue.exclusive
      ? 'exists, of another connection or for all: this one is to be exclusive'
      : 'is exclusive to another connection';
    return new QueueMismatchError(`queue ${queue.name} ${problem}`, { cause: error });
  }
  if (code !== 406) return undefined;
  const [, argument, , difference] =
    /inequivalent arg '([^']+)' for queue '([^']*)'[^:]*: (.*?)"?$/.exec(message) ?? [];
  return new QueueMismatchError(
    argument === undefined
      ? `queue ${queue.name} exists with other arguments: ${message}`
      : `queue ${queue.name} exists with another ${argument}: ${difference}. ` +
          'Delete it, or declare it as it is: the arguments of a queue cannot be changed',
    { cause: error },
  );
}

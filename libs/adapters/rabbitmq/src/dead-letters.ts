import { newId } from '@signalbox/contracts';
import type { DeadLetter, OutgoingMessage } from '@signalbox/ports';
import type { Channel, ConsumeMessage, Options } from 'amqplib';
import type { BrokerConnection } from './broker-connection.js';
import type { Address, Outbox } from './outbox.js';
import type { ResolvedOptions } from './options.js';
import type { Topology } from './topology.js';
import { decodeBody, HEADER, type Headers } from './wire.js';

/** Nothing more has come for so long: the end of the queue. Milliseconds. */
const QUIET_MS = 60;
/** What is known to be there takes longer at most: letters that were given back a moment ago. Milliseconds. */
const PATIENCE_MS = 1_000;
/** Another process may be reading the letters just now. */
const SECOND_LOOK_MS = 250;

/** Parks messages in a queue, and lists and replays what is in it. */
export class DeadLetters {
  private last: Promise<unknown> = Promise.resolve();
  /** Letters that the last reading gave back. */
  private givenBack = 0;
  private readonly address: Address;

  constructor(
    private readonly connection: BrokerConnection,
    private readonly outbox: Outbox,
    private readonly topology: Topology,
    private readonly options: ResolvedOptions,
  ) {
    this.address = { exchange: '', routingKey: topology.deadLetters.name, name: 'queue mcp.dead-letters' };
  }

  park(message: ConsumeMessage, at: { queue: string; attempts: number; reason: string }): Promise<void> {
    const { messageId, type, correlationId, contentType, headers } = message.properties as Options.Publish;
    const properties: Options.Publish = {
      messageId,
      type,
      correlationId,
      contentType,
      deliveryMode: 2,
      mandatory: true,
      headers: {
        ...ownHeaders(headers as Headers),
        [HEADER.letterId]: newId(),
        [HEADER.queue]: at.queue,
        [HEADER.reason]: at.reason,
        [HEADER.attempts]: at.attempts,
        [HEADER.time]: new Date(this.options.clock.now()).toISOString(),
      },
    };
    return this.outbox.publish(this.address, message.content, properties, { whenFull: 'wait' });
  }

  /** Oldest first. While another process lists them, too, some may be missing. */
  list({ queue, limit }: { queue?: string | undefined; limit: number }): Promise<DeadLetter[]> {
    return this.inTurn(async (channel) => {
      const letters: DeadLetter[] = [];
      await this.read(channel, (message) => {
        const letter = this.letter(message);
        if (queue === undefined || letter.queue === queue) letters.push(letter);
        return letters.length >= limit;
      });
      return letters;
    });
  }

  /** @param send puts a letter back on its queue */
  async replay(id: string, send: (letter: DeadLetter) => Promise<void>): Promise<boolean> {
    if (await this.tryReplay(id, send)) return true;
    await new Promise((resolve) => setTimeout(resolve, SECOND_LOOK_MS));
    return this.tryReplay(id, send);
  }

  private tryReplay(id: string, send: (letter: DeadLetter) => Promise<void>): Promise<boolean> {
    return this.inTurn(async (channel) => {
      let found: ConsumeMessage | undefined;
      await this.read(
        channel,
        (message) => {
          if (letterId(message) === id) found = message;
          return found !== undefined;
        },
        async () => {
          if (!found) return 0;
          await send(this.letter(found));
          channel.ack(found);
          return 1;
        },
      );
      return found !== undefined;
    });
  }

  /**
   * Hands over what is parked, then gives it back to the queue.
   * @param meanwhile returns how many it has taken out for good
   */
  private async read(
    channel: Channel,
    take: (message: ConsumeMessage) => boolean,
    meanwhile: () => Promise<number> = async () => 0,
  ): Promise<void> {
    const { name } = this.topology.deadLetters;
    const { messageCount } = await channel.checkQueue(name);
    const expected = Math.max(messageCount, this.givenBack);
    let end: NodeJS.Timeout | undefined;
    let consumerTag: string | undefined;
    let read = 0;
    let taken = 0;
    try {
      await new Promise<void>((resolve, reject) => {
        let done = false;
        const finish = () => ((done = true), resolve());
        const wait = () => {
          clearTimeout(end);
          end = setTimeout(finish, read < expected ? PATIENCE_MS : QUIET_MS);
        };
        channel.once('close', () => reject(this.connection.unavailable()));
        channel
          .consume(name, (message) => {
            if (!message) return reject(new Error(`the queue ${name} was deleted`));
            read++;
            if (done) return;
            if (take(message)) finish();
            else if (read >= expected) wait();
          })
          .then((ok) => ((consumerTag = ok.consumerTag), wait()), reject);
      });
      if (consumerTag !== undefined) await channel.cancel(consumerTag);
      taken = await meanwhile();
    } finally {
      clearTimeout(end);
      this.givenBack = read - taken;
      giveBack(channel);
    }
  }

  private inTurn<T>(use: (channel: Channel) => Promise<T>): Promise<T> {
    const result = this.last.then(async () => {
      const model = await this.connection.ready(this.options.publishTimeoutMs);
      const channel = await model.createChannel();
      channel.on('error', (error) => this.options.onError(error, 'dead letters'));
      try {
        return await use(channel);
      } catch (error) {
        throw this.connection.model === model ? error : this.connection.unavailable();
      } finally {
        await channel.close().catch(() => undefined);
      }
    });
    this.last = result.catch(() => undefined);
    return result;
  }

  private letter(message: ConsumeMessage): DeadLetter {
    const { messageId, type, correlationId, timestamp } = message.properties as Options.Publish;
    const headers: Headers = message.properties.headers ?? {};
    const died = headers['x-first-death-queue'] as string | undefined;
    const [death] = (headers['x-death'] ?? []) as { time?: { value?: number } }[];
    const traceparent = headers[HEADER.traceparent] as string | undefined;
    const expiresAt = headers[HEADER.expiresAt] as number | undefined;
    const original: OutgoingMessage = {
      id: messageId ?? '',
      type: type ?? '',
      body: bodyOf(message),
      ...(correlationId === undefined ? {} : { correlationId: String(correlationId) }),
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    };
    if (died === undefined || headers[HEADER.letterId] !== undefined) {
      return {
        id: letterId(message),
        queue: String(headers[HEADER.queue]),
        reason: String(headers[HEADER.reason]),
        attempts: Number(headers[HEADER.attempts]),
        time: String(headers[HEADER.time]),
        message: original,
      };
    }
    return {
      id: letterId(message),
      queue: this.topology.logicalName(died),
      reason: 'it was delivered too often to consumers that went away before they had settled it',
      attempts: Number(headers['x-delivery-count'] ?? 0),
      time: new Date((death?.time?.value ?? Number(timestamp ?? 0)) * 1000).toISOString(),
      message: original,
    };
  }
}

function letterId({ properties }: ConsumeMessage): string {
  const headers: Headers = properties.headers ?? {};
  const own = headers[HEADER.letterId];
  return typeof own === 'string' ? own : `${String(headers['x-first-death-queue'])}:${String(properties.messageId)}`;
}

function bodyOf({ content }: ConsumeMessage): unknown {
  try {
    return decodeBody(content);
  } catch {
    return content.toString();
  }
}

/** What the message said of itself; not what the broker, or a request, added for the way. */
function ownHeaders(headers: Headers = {}): Headers {
  const { [HEADER.traceparent]: traceparent, [HEADER.expiresAt]: expiresAt } = headers;
  return {
    ...(traceparent === undefined ? {} : { [HEADER.traceparent]: traceparent }),
    ...(expiresAt === undefined ? {} : { [HEADER.expiresAt]: expiresAt }),
  };
}

/** A channel that has gone has given everything back. */
function giveBack(channel: Channel): void {
  try {
    channel.nackAll(true);
  } catch {
    return;
  }
}

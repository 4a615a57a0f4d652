import type { Channel, ChannelModel } from 'amqplib';
import type { BrokerConnection } from './broker-connection.js';
import type { ResolvedOptions } from './options.js';

export interface ChannelUse<C extends Channel> {
  readonly name: string;
  create(model: ChannelModel): Promise<C>;
  /** Declares, consumes …; the channel is in use once it is done. */
  setUp(channel: C): Promise<void>;
  /** The channel has gone; a new one will be set up. */
  down?(): void;
}

/** A channel that is opened again, and set up again, when its connection came back or the broker closed it. */
export class KeptChannel<C extends Channel> {
  current: C | undefined;
  private stopped = false;
  private opening: Promise<void> | undefined;
  private attempt = 0;
  private retry: NodeJS.Timeout | undefined;
  private unlisten: (() => void) | undefined;

  constructor(
    private readonly connection: BrokerConnection,
    private readonly use: ChannelUse<C>,
    private readonly options: ResolvedOptions,
  ) {}

  /** Opens it and keeps it open from then on. Rejects, and keeps nothing, when that fails the first time. */
  async start(timeoutMs: number): Promise<void> {
    await this.connection.use(timeoutMs, (model) => this.open(model));
    this.unlisten = this.connection.onUp((next) => this.reopen(next));
    // it may have gone between the opening and the listening
    if (!this.current && this.connection.model) this.reopen(this.connection.model);
  }

  /** No new channel after this one; closes it, too. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.unlisten?.();
    clearTimeout(this.retry);
    const { current } = this;
    this.current = undefined;
    await current?.close().catch(() => undefined);
  }

  /** Gives up a channel that is of no use any more, and opens another. */
  renew(): void {
    this.current?.close().catch(() => undefined);
  }

  private reopen(model: ChannelModel): void {
    if (this.stopped || this.current || this.opening) return;
    this.opening = this.open(model)
      .then(
        () => (this.attempt = 0),
        (error: unknown) => this.failed(error),
      )
      .then(() => {
        this.opening = undefined;
      });
  }

  private async open(model: ChannelModel): Promise<void> {
    const channel = await this.use.create(model);
    let gone = false;
    let inUse = false;
    channel.on('error', (error) => {
      if (inUse) this.options.onError(error, this.use.name);
    });
    channel.on('close', () => {
      gone = true;
      if (!inUse) return;
      if (this.current === channel) this.current = undefined;
      this.use.down?.();
      this.again();
    });
    try {
      await this.use.setUp(channel);
    } catch (error) {
      if (!gone) await channel.close().catch(() => undefined);
      throw error;
    }
    if (gone || this.stopped) {
      if (!gone) await channel.close().catch(() => undefined);
      throw new Error(`${this.use.name}: the channel was closed while it was set up`);
    }
    inUse = true;
    this.current = channel;
  }

  private failed(error: unknown): void {
    if (this.connection.model) this.options.onError(error, this.use.name);
    this.again();
  }

  private again(): void {
    if (this.stopped || !this.connection.model) return;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => {
      if (this.connection.model) this.reopen(this.connection.model);
    }, this.options.reconnectDelay(++this.attempt));
  }
}

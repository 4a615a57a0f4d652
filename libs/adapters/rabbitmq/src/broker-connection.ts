import { BusUnavailableError } from '@signalbox/ports';
import { connect, type ChannelModel } from 'amqplib';
import type { Duplex } from 'node:stream';
import { joinWrites } from './joined-writes.js';
import type { ResolvedOptions } from './options.js';

interface Waiter {
  resolve(model: ChannelModel): void;
  reject(error: Error): void;
}

/** A connection that comes back by itself: with back-off and jitter, for as long as it is not closed. */
export class BrokerConnection {
  model: ChannelModel | undefined;
  blocked = false;
  private closing = false;
  private retry: NodeJS.Timeout | undefined;
  private attempt = 0;
  private lastError: unknown;
  private readonly waiters = new Set<Waiter>();
  private readonly upListeners = new Set<(model: ChannelModel) => void>();
  private readonly downListeners = new Set<() => void>();

  /** @param setUp runs on every new connection before anybody gets it */
  constructor(
    private readonly name: string,
    private readonly options: ResolvedOptions,
    private readonly setUp: (model: ChannelModel) => Promise<void>,
  ) {}

  get available(): boolean {
    return this.model !== undefined && !this.blocked;
  }

  start(): void {
    void this.connect();
  }

  /** @returns how to stop listening */
  onUp(listener: (model: ChannelModel) => void): () => void {
    this.upListeners.add(listener);
    return () => this.upListeners.delete(listener);
  }

  onDown(listener: () => void): void {
    this.downListeners.add(listener);
  }

  /** The connection, once there is one. @throws BusUnavailableError after `timeoutMs`, with the last reason */
  ready(timeoutMs: number): Promise<ChannelModel> {
    if (this.model) return Promise.resolve(this.model);
    if (this.closing) return Promise.reject(new BusUnavailableError('the bus is closed'));
    return new Promise((resolve, reject) => {
      const done = () => (clearTimeout(timer), this.waiters.delete(waiter));
      const waiter: Waiter = {
        resolve: (model) => (done(), resolve(model)),
        reject: (error) => (done(), reject(error)),
      };
      const timer = setTimeout(() => waiter.reject(this.unavailable()), timeoutMs);
      this.waiters.add(waiter);
    });
  }

  /**
   * Does something with the connection, and does it again when the connection went away meanwhile.
   * @throws BusUnavailableError when there was none for long enough within `timeoutMs`
   */
  async use<T>(timeoutMs: number, work: (model: ChannelModel) => Promise<T>): Promise<T> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const model = await this.ready(Math.max(0, deadline - performance.now()));
      try {
        return await work(model);
      } catch (error) {
        if (this.model === model) throw error;
      }
    }
  }

  unavailable(): BusUnavailableError {
    const why = this.blocked ? 'RabbitMQ has blocked publishers: it is short of memory or disk' : 'RabbitMQ is away';
    const reason = this.lastError instanceof Error ? this.lastError.message : undefined;
    return new BusUnavailableError(reason && !this.blocked ? `${why}: ${reason}` : why);
  }

  async close(): Promise<void> {
    this.closing = true;
    clearTimeout(this.retry);
    for (const waiter of [...this.waiters]) waiter.reject(new BusUnavailableError('the bus is closed'));
    const { model } = this;
    this.model = undefined;
    if (model) await closeModel(model);
  }

  private async connect(): Promise<void> {
    const { url, heartbeatSeconds, connectTimeoutMs, instanceId } = this.options;
    const target = new URL(url);
    target.searchParams.set('heartbeat', String(heartbeatSeconds));
    try {
      const model = await connect(target.href, {
        // Nagle's algorithm and delayed acknowledgements together cost 40 ms per request
        noDelay: true,
        timeout: connectTimeoutMs,
        clientProperties: { connection_name: `${instanceId} ${this.name}` },
      });
      joinWrites(streamOf(model));
      await this.adopt(model);
    } catch (error) {
      this.failed(error);
    }
  }

  private async adopt(model: ChannelModel): Promise<void> {
    let gone = false;
    this.blocked = false;
    model.on('error', (error) => (this.lastError = error));
    model.on('blocked', () => (this.blocked = true));
    model.on('unblocked', () => {
      this.blocked = false;
      for (const listener of this.upListeners) listener(model);
    });
    model.on('close', (error) => {
      gone = true;
      if (this.model === model) this.lost(error);
    });
    try {
      await this.setUp(model);
      if (gone) throw this.lastError ?? new Error('the connection was closed while it was set up');
    } catch (error) {
      await closeModel(model);
      throw error;
    }
    if (this.closing) return closeModel(model);
    if (this.attempt > 0) this.options.onError(new Error('connected again'), this.where);
    this.attempt = 0;
    this.model = model;
    for (const listener of this.upListeners) listener(model);
    for (const waiter of [...this.waiters]) waiter.resolve(model);
  }

  private lost(error: unknown): void {
    this.model = undefined;
    this.blocked = false;
    for (const listener of this.downListeners) listener();
    this.failed(error ?? this.lastError ?? new Error('the connection was closed'));
  }

  private failed(error: unknown): void {
    this.lastError = error;
    if (this.closing) return;
    this.attempt++;
    if (this.attempt === 1) this.options.onError(error, this.where);
    this.retry = setTimeout(() => void this.connect(), this.options.reconnectDelay(this.attempt));
  }

  private get where(): string {
    return `connection to RabbitMQ (${this.name})`;
  }
}

/** How long a broker may take to say goodbye, milliseconds. */
const CLOSE_TIMEOUT_MS = 1_000;

/** The socket, which amqplib's types do not have. */
function streamOf(model: ChannelModel): Duplex {
  return (model as unknown as { connection: { stream: Duplex } }).connection.stream;
}

async function closeModel(model: ChannelModel): Promise<void> {
  const stream = streamOf(model);
  const timer = setTimeout(() => stream.destroy(), CLOSE_TIMEOUT_MS);
  try {
    await Promise.race([model.close(), new Promise((resolve) => setTimeout(resolve, CLOSE_TIMEOUT_MS + 50).unref())]);
  } catch {
    stream.destroy();
  } finally {
    clearTimeout(timer);
  }
}

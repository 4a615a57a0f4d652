import { UpstreamProtocolError, type UpstreamConnection } from '@signalbox/mcp';

export type InstanceState = 'up' | 'ill' | 'down';

export interface WatchOptions {
  /** Time between two pings. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Unanswered pings in a row that make it `down`; the first one makes it `ill`. */
  readonly missed: number;
  /** Waits before one that is down is tried again, longer each time. */
  readonly retry: { readonly minMs: number; readonly maxMs: number };
}

export interface WatchHooks {
  connect(): Promise<UpstreamConnection>;
  heard(state: InstanceState, reason: string): void;
}

/** Looks again and again whether one instance answers, over a connection of its own. */
export class InstanceWatch {
  #stopped = false;
  #connection: UpstreamConnection | undefined;
  #wake: (() => void) | undefined;
  readonly #running: Promise<void>;

  constructor(
    private readonly options: WatchOptions,
    private readonly hooks: WatchHooks,
  ) {
    this.#running = this.#run();
  }

  /** Looks at once: a request has met with something. */
  poke(): void {
    this.#wake?.();
  }

  async stop(reason: string): Promise<void> {
    this.#stopped = true;
    this.poke();
    await this.#connection?.close(reason);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { minMs, maxMs } = this.options.retry;
    for (let waitMs = minMs; !this.#stopped;) {
      try {
        this.#connection = await this.hooks.connect();
      } catch (error) {
        this.#heard('down', (error as Error).message);
        await this.#pause(waitMs);
        waitMs = Math.min(waitMs * 2, maxMs);
        continue;
      }
      waitMs = minMs;
      await this.#live(this.#connection);
      const closed = this.#connection.close('it is no longer watched');
      // one that hangs need not be waited for: it is tried again at once
      if (this.#stopped) await closed;
    }
  }

  /** Until it is down, or the watch is over. */
  async #live(connection: UpstreamConnection): Promise<void> {
    this.#heard('up', 'it answers');
    for (let missed = 0; !this.#stopped;) {
      if (missed === 0) await this.#pause(this.options.intervalMs);
      if (this.#stopped) return;
      const fault = await this.#ping(connection);
      if (fault === undefined) {
        missed = 0;
        this.#heard('up', 'it answers');
      } else if (fault === SESSION_EXPIRED) {
        // it has forgotten the session, so that it answers: another one is opened
        return;
      } else {
        const isDown = ++missed >= this.options.missed;
        this.#heard(isDown ? 'down' : 'ill', `${missed} pings in a row were not answered: ${fault}`);
        if (isDown) return;
      }
    }
  }

  async #ping(connection: UpstreamConnection): Promise<string | undefined> {
    try {
      await connection.ping(this.options.timeoutMs);
      return undefined;
    } catch (error) {
      // refusing to answer is an answer
      const isRefusal = error instanceof UpstreamProtocolError && error.status === undefined;
      return isRefusal ? undefined : (error as Error).message;
    }
  }

  #heard(state: InstanceState, reason: string): void {
    if (!this.#stopped) this.hooks.heard(state, reason);
  }

  #pause(milliseconds: number): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }
}

/** As connections say it of themselves. */
export const SESSION_EXPIRED = 'session expired';

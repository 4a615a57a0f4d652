import type { Block, Indexed } from './consul-api.js';
import type { ResolvedConsulOptions } from './options.js';

/** Least time between two queries, milliseconds: Consul answers at once while indexes of other things grow. */
const MIN_INTERVAL_MS = 20;

/**
 * Follows what a query answers, by the rules for blocking queries
 * (https://developer.hashicorp.com/consul/api-docs/features/blocking): an index that went backwards, and a connection
 * that was lost, begin anew. While Consul is away the last answer holds.
 */
export class BlockingQuery<T> {
  private readonly ended = new AbortController();
  private last: string | undefined;
  private failures = 0;

  /**
   * @param read queries once
   * @param onValue hears each answer that differs from the one before
   * @param where for the messages about errors
   */
  constructor(
    private readonly options: Pick<ResolvedConsulOptions, 'backoffMs' | 'maxBackoffMs' | 'onError'>,
    private readonly read: (block: Block) => Promise<Indexed<T>>,
    private readonly onValue: (value: T) => void,
    private readonly where: string,
  ) {
    void this.run();
  }

  end(): void {
    this.ended.abort();
  }

  private async run(): Promise<void> {
    const { signal } = this.ended;
    let index = 0;
    while (!signal.aborted) {
      const began = performance.now();
      try {
        const answer = await this.read({ index, signal });
        if (signal.aborted) return;
        this.failures = 0;
        index = answer.index < index ? 0 : Math.max(1, answer.index);
        this.tell(answer.value);
        await pause(began + MIN_INTERVAL_MS - performance.now(), signal);
      } catch (error) {
        if (signal.aborted) return;
        index = 0;
        if (this.failures++ === 0) this.options.onError(error, this.where);
        await pause(this.backoff(), signal);
      }
    }
  }

  private tell(value: T): void {
    const text = JSON.stringify(value);
    if (text === this.last) return;
    this.last = text;
    try {
      this.onValue(value);
    } catch (error) {
      this.options.onError(error, this.where);
    }
  }

  private backoff(): number {
    const { backoffMs, maxBackoffMs } = this.options;
    const most = Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(this.failures - 1, 20));
    return most * (0.5 + Math.random() / 2);
  }
}

/** Resolves after that time, or as soon as the signal is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}

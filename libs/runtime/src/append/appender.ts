import { StoreUnavailableError, type AppendRequest, type AppendResult, type EventStore } from '@signalbox/ports';
import { setTimeout as delay } from 'node:timers/promises';
import { Backoff } from '../backoff.js';
import { KeptAppends, type KeptLimits } from './kept-appends.js';
import { TimeLimit } from './time-limit.js';

export interface AppenderLimits extends KeptLimits {
  /** How long somebody waits for an append, tries included, milliseconds. */
  readonly timeoutMs: number;
  /** Further tries within that time. */
  readonly retries: number;
}

/** Appends checked commits, and says what happens while the store is away: others are told soon, and what has happened is kept. */
export class Appender {
  readonly #inTime: TimeLimit;
  readonly #kept: KeptAppends;

  constructor(
    private readonly store: EventStore,
    private readonly limits: AppenderLimits,
  ) {
    const late = `the event log did not answer within ${limits.timeoutMs} ms`;
    this.#inTime = new TimeLimit(limits.timeoutMs, () => new StoreUnavailableError(late));
    this.#kept = new KeptAppends((request) => store.append(request), limits);
  }

  /** How many appends wait for a store that is away. */
  get kept(): number {
    return this.#kept.size;
  }

  /**
   * Appends something that may as well not happen.
   * @throws StoreUnavailableError when the store did not say in time what became of it: the outcome is unknown
   */
  append(request: AppendRequest): Promise<AppendResult> {
    const work = this.#kept.holds(request.stream) ? this.#kept.add(request) : this.#try(request);
    return this.#inTime.race(work);
  }

  /**
   * Appends something that has happened: resolves when it is stored, also when the store was away for long.
   * @throws StoreUnavailableError when the store is away and too many appends are kept already
   */
  keep(request: AppendRequest): Promise<AppendResult> {
    if (this.#kept.holds(request.stream)) return this.#kept.add(request);
    return this.store.append(request).catch((error: unknown) => {
      if (!(error instanceof StoreUnavailableError)) throw error;
      return this.#kept.add(request);
    });
  }

  /** Waits for an append that goes on afterwards. @throws StoreUnavailableError when it is not stored in time */
  inTime<T>(append: Promise<T>): Promise<T> {
    return this.#inTime.race(append);
  }

  /** The first try; a call that needs no other pays for no loop. */
  #try(request: AppendRequest): Promise<AppendResult> {
    const until = performance.now() + this.limits.timeoutMs;
    return this.store.append(request).catch((error: unknown) => this.#retry(request, error, until));
  }

  async #retry(request: AppendRequest, failure: unknown, until: number): Promise<AppendResult> {
    const backoff = new Backoff({ minMs: 20, maxMs: 1000 });
    for (let error = failure; ;) {
      const isOver = backoff.count >= this.limits.retries || performance.now() >= until;
      if (!(error instanceof StoreUnavailableError) || isOver) throw error;
      await delay(backoff.next());
      try {
        return await this.store.append(request);
      } catch (again) {
        error = again;
      }
    }
  }
}

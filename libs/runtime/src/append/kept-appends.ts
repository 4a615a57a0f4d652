import { StoreUnavailableError, type AppendRequest, type AppendResult } from '@signalbox/ports';
import { setTimeout as delay } from 'node:timers/promises';
import { Backoff } from '../backoff.js';

/** Appends of one round: of different streams, so that none meets one before it that failed. */
const ROUND = 64;

interface Kept {
  readonly request: AppendRequest;
  readonly bytes: number;
  resolve(result: AppendResult): void;
  reject(error: unknown): void;
}

export interface KeptLimits {
  /** Appends that may be kept. */
  readonly maxKept: number;
  /** Characters of their events' JSON text. */
  readonly maxKeptBytes: number;
}

/**
 * Appends of what has happened already, kept while the store is away: tried again with their commitIds, the appends of one
 * stream in their order, until the store says what becomes of them. They are in memory only and go with the process.
 */
export class KeptAppends {
  #queue: Kept[] = [];
  #count = 0;
  #bytes = 0;
  readonly #streams = new Map<string, number>();
  #running = false;

  constructor(
    private readonly append: (request: AppendRequest) => Promise<AppendResult>,
    private readonly limits: KeptLimits,
  ) {}

  get size(): number {
    return this.#count;
  }

  /** Whether an append of this stream is kept: later ones have to go behind it. */
  holds(stream: string): boolean {
    return this.#streams.has(stream);
  }

  /**
   * Resolves when it is stored, however long that takes.
   * @throws StoreUnavailableError at once when too many are kept; what the store refuses, as the store says it
   */
  add(request: AppendRequest): Promise<AppendResult> {
    const bytes = JSON.stringify(request.events).length;
    const { maxKept, maxKeptBytes } = this.limits;
    if (this.#count >= maxKept || this.#bytes + bytes > maxKeptBytes) {
      const kept = `${this.#count} commits of ${this.#bytes} bytes are kept`;
      return Promise.reject(new StoreUnavailableError(`the event log is away, and ${kept}: there is no room for more`));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, bytes, resolve, reject });
      this.#count++;
      this.#bytes += bytes;
      this.#streams.set(request.stream, (this.#streams.get(request.stream) ?? 0) + 1);
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    const backoff = new Backoff({ minMs: 50, maxMs: 1000 });
    while (this.#queue.length > 0) {
      await delay(backoff.next());
      while (await this.#round()) backoff.reset();
    }
    this.#running = false;
  }

  /** @returns whether the store answers and there is more to do */
  async #round(): Promise<boolean> {
    const round = this.#take();
    const outcomes = await Promise.all(round.map((kept) => this.#try(kept)));
    const again = round.filter((_, index) => !outcomes[index]);
    this.#queue.unshift(...again);
    return again.length === 0 && this.#queue.length > 0;
  }

  #take(): Kept[] {
    const streams = new Set<string>();
    const round: Kept[] = [];
    const rest: Kept[] = [];
    for (const kept of this.#queue) {
      const { stream } = kept.request;
      if (round.length < ROUND && !streams.has(stream)) round.push(kept);
      else rest.push(kept);
      streams.add(stream);
    }
    this.#queue = rest;
    return round;
  }

  /** @returns false when it has to be tried again */
  async #try(kept: Kept): Promise<boolean> {
    try {
      const result = await this.append(kept.request);
      this.#release(kept);
      kept.resolve(result);
    } catch (error) {
      if (error instanceof StoreUnavailableError) return false;
      this.#release(kept);
      kept.reject(error);
    }
    return true;
  }

  #release({ request: { stream }, bytes }: Kept): void {
    this.#count--;
    this.#bytes -= bytes;
    const left = this.#streams.get(stream)! - 1;
    if (left === 0) this.#streams.delete(stream);
    else this.#streams.set(stream, left);
  }
}

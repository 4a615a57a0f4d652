import { PassingList, type Place } from '@signalbox/contracts';

/** A request that waits for its answer. */
export interface SlowAnswer {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Makes the answer a stream although there is nothing to say yet. */
  upgradeEarly(): void;
}

/**
 * Turns the answers of requests that take long into streams, so that they can be resumed, and are kept alive. One timer for all of them, which
 * only runs while there are any.
 */
export class SlowExchanges {
  readonly #waiting = new PassingList<SlowAnswer>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly afterMs: number,
    private readonly now: () => number,
  ) {}

  get size(): number {
    return this.#waiting.size;
  }

  /** @returns what {@link remove} needs */
  add(exchange: SlowAnswer): Place {
    this.#timer ??= setInterval(() => this.#look(), Math.max(10, this.afterMs / 2));
    return this.#waiting.add(exchange);
  }

  remove(place: Place): void {
    this.#waiting.remove(place);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#waiting.clear();
  }

  #look(): void {
    const oldEnough = this.now() - this.afterMs;
    for (let next = this.#waiting.oldest; next && next.startedAt <= oldEnough; next = this.#waiting.oldest) {
      this.#waiting.shift();
      next.upgradeEarly();
    }
    if (this.#waiting.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

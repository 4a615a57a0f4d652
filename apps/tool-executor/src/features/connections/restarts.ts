import { Backoff } from '@signalbox/runtime';

export interface RestartOptions {
  readonly minMs: number;
  readonly maxMs: number;
  readonly healthyAfterMs: number;
  readonly maxAttempts: number;
  readonly cooldownMs: number;
  readonly maxCooldowns: number;
}

/** When to try again to start a server: after waits that grow, after a cool-down when many tries in a row failed, and not for ever. */
export class Restarts {
  readonly #backoff: Backoff;
  #failures = 0;
  #cooldowns = 0;

  constructor(private readonly options: RestartOptions) {
    this.#backoff = new Backoff(options);
  }

  /** Failed starts in a row, those before a cool-down included. */
  get failures(): number {
    return this.#failures;
  }

  /** Counts a failure. @returns milliseconds until the next try; undefined when there is none */
  next(): number | undefined {
    const { maxAttempts, cooldownMs, maxCooldowns } = this.options;
    this.#failures++;
    if (this.#failures % maxAttempts !== 0) return Math.round(this.#backoff.next());
    if (++this.#cooldowns > maxCooldowns) return undefined;
    this.#backoff.reset();
    return cooldownMs;
  }

  /** It was well for long enough. */
  reset(): void {
    this.#backoff.reset();
    this.#failures = 0;
    this.#cooldowns = 0;
  }
}

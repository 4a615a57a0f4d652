import { Injectable } from '@nestjs/common';
import type { ExecutorConfig } from '../../config.js';
import { InjectExecutorConfig } from '../../executor-config.module.js';

/** How many calls may be run again: a share of those taken, saved up to a bound, so that a bad server is not hit twice as hard. */
@Injectable()
export class RetryBudget {
  readonly #share: number;
  readonly #max: number;
  readonly #waitMs: number;
  #saved: number;
  readonly #waiting: ((isGranted: boolean) => void)[] = [];
  #granting: NodeJS.Timeout | undefined;

  constructor(@InjectExecutorConfig() { recovery }: Pick<ExecutorConfig, 'recovery'>) {
    this.#share = recovery.retryBudget;
    this.#max = recovery.retryBudget === 0 ? 0 : recovery.retryBurst;
    this.#saved = this.#max;
    this.#waitMs = 1_000 / recovery.retriesPerSecond;
  }

  /** A call was taken. */
  earn(): void {
    if (this.#saved < this.#max) this.#saved = Math.min(this.#max, this.#saved + this.#share);
    if (this.#waiting.length > 0 && this.hasRoom) {
      this.spend();
      this.#waiting.shift()!(true);
    }
  }

  get hasRoom(): boolean {
    return this.#saved >= 1;
  }

  /** A call is run again. */
  spend(): void {
    this.#saved -= 1;
  }

  /**
   * Spends one as soon as there is one: at once, when calls have earned it, or when it is its turn by `retriesPerSecond`.
   * @param withinMs how long to wait
   * @returns whether it was spent
   */
  async take(withinMs: number): Promise<boolean> {
    if (this.#max === 0) return false;
    if (this.hasRoom && this.#waiting.length === 0) {
      this.spend();
      return true;
    }
    if (withinMs <= 0) return false;
    return new Promise((resolve) => {
      const settle = (isGranted: boolean) => {
        clearTimeout(timer);
        resolve(isGranted);
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(settle), 1);
        resolve(false);
      }, withinMs);
      this.#waiting.push(settle);
      this.#granting ??= setInterval(() => this.#grant(), this.#waitMs);
      this.#granting.unref();
    });
  }

  #grant(): void {
    this.#waiting.shift()?.(true);
    if (this.#waiting.length > 0) return;
    clearInterval(this.#granting);
    this.#granting = undefined;
  }
}

import { Injectable } from '@nestjs/common';
import type { ExecutorConfig } from '../../config.js';
import { InjectExecutorConfig } from '../../executor-config.module.js';

/** How many calls may be run again: a share of those taken, saved up to a bound, so that a bad server is not hit twice as hard. */
@Injectable()
export class RetryBudget {
  readonly #share: number;
  readonly #max: number;
  #saved: number;

  constructor(@InjectExecutorConfig() { recovery }: Pick<ExecutorConfig, 'recovery'>) {
    this.#share = recovery.retryBudget;
    this.#max = recovery.retryBudget === 0 ? 0 : recovery.retryBurst;
    this.#saved = this.#max;
  }

  /** A call was taken. */
  earn(): void {
    if (this.#saved < this.#max) this.#saved = Math.min(this.#max, this.#saved + this.#share);
  }

  get hasRoom(): boolean {
    return this.#saved >= 1;
  }

  /** A call is run again. */
  spend(): void {
    this.#saved -= 1;
  }
}

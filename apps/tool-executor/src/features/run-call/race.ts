import type { RunningRequest } from './running-request.js';

/**
 * Attempts of one call that run beside each other, of which the first good answer counts. An attempt that ends without one
 * waits for the others before that is written down: until then the call is not over.
 */
export class Race {
  /** The one with the first good answer. */
  winner: RunningRequest | undefined;
  readonly #running: RunningRequest[] = [];
  readonly #waiting: (() => void)[] = [];

  /** In the order of the attempts. */
  join(request: RunningRequest): void {
    this.#running.push(request);
  }

  get size(): number {
    return this.#running.length;
  }

  /**
   * To be called once an attempt has ended, and before that is written down.
   * @returns the attempt that was faster; undefined where this one counts
   */
  async overtaken(request: RunningRequest, isGood: boolean): Promise<RunningRequest | undefined> {
    if (isGood && !this.winner) {
      this.winner = request;
      const { attempt } = request.command.call!;
      for (const other of this.#running) if (other !== request) other.cancel(`attempt ${attempt} answered first`);
    }
    const decided = this.winner ? undefined : new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.leave(request);
    await decided;
    return this.winner === request ? undefined : this.winner;
  }

  /** Also for one that ended in another way. Repeating it changes nothing. */
  leave(request: RunningRequest): void {
    const at = this.#running.indexOf(request);
    if (at >= 0) this.#running.splice(at, 1);
    if (!this.winner && this.#running.length > 0) return;
    // the last attempt is written first: whoever finds it ended need not run it again
    queueMicrotask(() => {
      for (const wake of this.#waiting.splice(0).reverse()) wake();
    });
  }
}

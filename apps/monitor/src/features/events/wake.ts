import { setTimeout as delay } from 'node:timers/promises';
import type { Pace } from './event-stream.js';

/** Remembers that something was committed since the last wait. */
export class Wake {
  #due = false;
  #resolve: (() => void) | undefined;

  readonly signal = (): void => {
    this.#due = true;
    this.#resolve?.();
  };

  /** Resolves after a signal, but not before `paceMs`; after `pollMs` at the latest; at once when aborted. */
  async wait({ paceMs, pollMs }: Pace, aborted: AbortSignal): Promise<void> {
    if (!(await pause(paceMs, aborted)) || this.#due) return void (this.#due = false);
    const cancelled = new AbortController();
    const signalled = new Promise<void>((resolve) => (this.#resolve = resolve));
    await Promise.race([signalled, pause(Math.max(1, pollMs - paceMs), AbortSignal.any([aborted, cancelled.signal]))]);
    cancelled.abort();
    this.#resolve = undefined;
    this.#due = false;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return delay(ms, true, { signal }).catch(() => false);
}

import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  /** Default 5000. */
  readonly timeoutMs?: number;
  /** Default 10. */
  readonly intervalMs?: number;
  /** What is waited for, for the error message. */
  readonly what?: string;
}

/**
 * Waits until `condition` returns something truthy without throwing, and returns it.
 * @throws Error at the time-out, with the last value or error in it
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<Exclude<Awaited<T>, false | null | undefined | 0 | ''>> {
  const { timeoutMs = 5000, intervalMs = 10, what = 'the condition' } = options;
  const end = performance.now() + timeoutMs;
  for (;;) {
    let last: string;
    let cause: unknown;
    try {
      const value = await condition();
      if (value) return value as Exclude<Awaited<T>, false | null | undefined | 0 | ''>;
      last = `it was ${String(value)}`;
    } catch (error) {
      cause = error;
      last = `it threw ${error instanceof Error ? error.message : String(error)}`;
    }
    if (performance.now() >= end) throw new Error(`${what} did not hold within ${timeoutMs} ms: ${last}`, { cause });
    await delay(intervalMs);
  }
}

import type { Clock } from '@signalbox/ports';

export interface SettableClock extends Clock {
  /** Milliseconds since the epoch. */
  set(ms: number): void;
  advance(ms: number): void;
}

/** A clock that stands still until a test moves it. @param start milliseconds since the epoch; default 2026-01-01 */
export function settableClock(start: number = Date.UTC(2026, 0, 1)): SettableClock {
  let now = start;
  return {
    now: () => now,
    set: (ms) => void (now = ms),
    advance: (ms) => void (now += ms),
  };
}

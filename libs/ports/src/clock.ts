/** Milliseconds since the epoch. The system's in production, a settable one in tests. */
export interface Clock {
  now(): number;
}
export const systemClock: Clock = { now: () => Date.now() };

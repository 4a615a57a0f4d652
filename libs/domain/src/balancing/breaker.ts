export interface BreakerLimits {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** How long it stays open the first time; twice as long each time that its trial fails. Milliseconds. */
  readonly openMs: number;
  readonly maxOpenMs: number;
}

/** A circuit breaker. `closed` lets requests through, `open` none, `half_open` one at a time, to try. */
export interface Breaker {
  readonly state: 'closed' | 'open' | 'half_open';
  /** In a row. */
  readonly failures: number;
  /** Times in a row that it was opened. */
  readonly opened: number;
  /** While it is open: until when, in milliseconds since the epoch. */
  readonly until: number;
}

export const CLOSED: Breaker = { state: 'closed', failures: 0, opened: 0, until: 0 };

/** The breaker as time has it: one that was open long enough is to be tried. */
export function atTime(breaker: Breaker, now: number): Breaker {
  return breaker.state === 'open' && now >= breaker.until ? { ...breaker, state: 'half_open' } : breaker;
}

/**
 * The breaker after one more answer, or failure to answer. What was sent before it opened says nothing new while it is open.
 * @param now milliseconds since the epoch
 */
export function afterResult(breaker: Breaker, isGood: boolean, now: number, limits: BreakerLimits): Breaker {
  const { state, failures } = breaker;
  if (state === 'open') return breaker;
  if (isGood) return state === 'closed' && failures === 0 ? breaker : CLOSED;
  if (state === 'closed' && failures + 1 < limits.failures) return { ...breaker, failures: failures + 1 };
  const opened = breaker.opened + 1;
  const openMs = Math.min(limits.openMs * 2 ** (opened - 1), limits.maxOpenMs);
  return { state: 'open', failures: failures + 1, opened, until: now + openMs };
}

/** Milliseconds that the monotonic clock may be away from the system's before it is set anew. */
const MAX_DRIFT = 20;

/**
 * Milliseconds since the epoch with their fractions. `Date.now()` has none, and the SDK begins a span with it: a span of a
 * third of a millisecond would seem to begin before its parent, or to end after it.
 */
export class SpanClock {
  private offset: number;

  constructor(
    private readonly system: () => number = Date.now,
    private readonly monotonic: () => number = () => performance.now(),
  ) {
    this.offset = system() - monotonic();
  }

  now(): number {
    const elapsed = this.monotonic();
    const drift = this.system() - (elapsed + this.offset);
    // the system's clock was set, or the machine slept
    if (drift > MAX_DRIFT || drift < -MAX_DRIFT) this.offset += drift;
    return elapsed + this.offset;
  }
}

/** One for all spans of the process, so that they are in order among each other. */
export const spanClock = new SpanClock();

import { RUNTIME_LIMITS } from './limits.js';

export interface BackoffOptions {
  /** Wait after the first failure, in milliseconds. Default 50. */
  readonly minMs?: number;
  /** Longest wait, in milliseconds. Default 5000. */
  readonly maxMs?: number;
  /** Growth per failure. Default 2. */
  readonly factor?: number;
  /** 0 ≤ random() < 1; replaced in tests. */
  readonly random?: () => number;
}

/** Waits that grow with each failure, each between half and all of its nominal length, so that many retriers spread out. */
export class Backoff {
  private failures = 0;

  constructor(private readonly options: BackoffOptions = {}) {}

  /** Milliseconds to wait before the next try. */
  next(): number {
    const { backoff } = RUNTIME_LIMITS;
    const {
      minMs = backoff.minMs,
      maxMs = backoff.maxMs,
      factor = backoff.factor,
      random = Math.random,
    } = this.options;
    const nominal = Math.min(maxMs, minMs * factor ** Math.min(this.failures++, 30));
    return nominal * (0.5 + random() / 2);
  }

  /** Failures since the last success. */
  get count(): number {
    return this.failures;
  }

  reset(): void {
    this.failures = 0;
  }
}

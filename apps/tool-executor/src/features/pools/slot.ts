/** One pooled resource with what the pool knows of it. */
export interface Slot<R> {
  readonly id: number;
  readonly resource: R;
  /** Whom it is bound to; empty for callers without a session. */
  readonly key: string;
  /** Uses that have not been given back. */
  readonly leases: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly usedAt: number;
  /** Times it was handed out. */
  readonly acquired: number;
}

export interface PoolCounters {
  acquired: number;
  created: number;
  destroyed: number;
  timeouts: number;
  rejected: number;
  validationFailures: number;
  createFailures: number;
}

export interface PoolStatistics extends Readonly<PoolCounters> {
  readonly size: number;
  readonly idle: number;
  readonly busy: number;
  readonly creating: number;
  readonly waiting: number;
  readonly min: number;
  readonly max: number;
}

/** No connection became free in time, or too many wait already. */
export class PoolExhaustedError extends Error {
  override readonly name = 'PoolExhaustedError';
}

export class PoolClosedError extends Error {
  override readonly name = 'PoolClosedError';
}

import type { InstanceSpec } from '@signalbox/contracts';
import { afterResult, atTime, CLOSED, type Breaker, type BreakerLimits, type Tally } from '@signalbox/domain/balancing';
import { UpstreamClosedError } from '@signalbox/mcp';
import type { PooledConnection } from '../pools/pooled-connection.js';
import type { Pool } from '../pools/pool.js';
import type { InstanceLog } from './instance-log.js';
import type { InstanceState, InstanceWatch } from './instance-watch.js';

/** One instance of a server as this executor has it. Times in milliseconds since the epoch. */
export class Instance {
  state: InstanceState = 'up';
  reason: string | undefined;
  /** Requests that were given to it and are not answered. */
  inFlight = 0;
  ejectedUntil = 0;
  ejections = 0;
  requests = 0;
  failures = 0;
  watch: InstanceWatch | undefined;
  #breaker: Breaker = CLOSED;
  #isTried = false;
  #window = { since: 0, requests: 0, failures: 0 };
  readonly #waiting = new Set<(error: Error) => void>();

  constructor(
    public spec: InstanceSpec,
    readonly pool: Pool<PooledConnection>,
    private readonly limits: BreakerLimits,
    private readonly log: InstanceLog,
  ) {}

  get id(): string {
    return this.spec.url;
  }

  get weight(): number {
    return this.spec.weight;
  }

  breakerAt(now: number): Breaker {
    const { state } = this.#breaker;
    this.#breaker = atTime(this.#breaker, now);
    this.#tellBreaker(state, 'it is tried again');
    return this.#breaker;
  }

  /** Whether its breaker lets one more request through. */
  letsThrough(now: number): boolean {
    const { state } = this.breakerAt(now);
    return state === 'closed' || (state === 'half_open' && !this.#isTried);
  }

  /** Whether nothing is known against it. */
  isFit(now: number): boolean {
    return this.state === 'up' && this.ejectedUntil <= now && this.letsThrough(now);
  }

  take(): void {
    this.inFlight++;
    if (this.#breaker.state === 'half_open') this.#isTried = true;
  }

  giveBack(): void {
    this.inFlight--;
    this.#isTried = false;
  }

  /** @param isOutage whether what went wrong says that it does not work; else it is only compared with the others */
  ended(isGood: boolean, isOutage: boolean, now: number, reason: string): void {
    this.requests++;
    this.#window.requests++;
    if (!isGood) {
      this.failures++;
      this.#window.failures++;
    }
    if (!isGood && !isOutage) return;
    const { state } = this.#breaker;
    this.#breaker = afterResult(this.#breaker, isGood, now, this.limits);
    if (this.#breaker.state !== state) this.#tellBreaker(state, isGood ? 'it answers' : reason);
  }

  /** What it did in this window of time, of which a new one begins when the old one is over. */
  tally(now: number, windowMs: number): Tally {
    if (now - this.#window.since >= windowMs) this.#window = { since: now, requests: 0, failures: 0 };
    const { requests, failures } = this.#window;
    return { id: this.id, requests, failures, isOut: now < this.ejectedUntil };
  }

  eject(now: number, forMs: number, reason: string): void {
    this.ejections++;
    this.ejectedUntil = now + forMs;
    this.#window = { since: now, requests: 0, failures: 0 };
    this.log.ejected(this.id, { forMs, reason });
  }

  /** @returns whether that is another state than before */
  is(state: InstanceState, reason: string): boolean {
    const from = this.state;
    this.reason = state === 'up' ? undefined : reason;
    if (from === state) return false;
    this.state = state;
    this.log.stateChanged(this.id, { from, to: state, reason });
    if (state === 'up') this.#closeBreaker();
    if (state === 'down') this.giveUp(reason);
    return true;
  }

  /** Whoever waits for a connection to it, or uses one, need not wait any longer. */
  giveUp(reason: string): void {
    for (const tell of this.#waiting) tell(new UpstreamClosedError(reason, false));
    for (const slot of [...this.pool.slots()]) void this.pool.destroy(slot, reason).catch(() => undefined);
  }

  /** @throws UpstreamClosedError when it goes down meanwhile */
  orDown<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      promise.then(resolve, reject).finally(() => this.#waiting.delete(reject));
    });
  }

  #closeBreaker(): void {
    const { state } = this.#breaker;
    this.#breaker = CLOSED;
    this.#tellBreaker(state, 'it answers');
  }

  #tellBreaker(from: Breaker['state'], reason: string): void {
    const to = this.#breaker.state;
    if (to !== from) this.log.breakerChanged(this.id, { from, to, reason });
  }
}

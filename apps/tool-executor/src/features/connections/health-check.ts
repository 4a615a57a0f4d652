import {
  evolveHealth,
  WELL,
  type Health,
  type HealthObservation,
  type HealthThresholds,
} from '@signalbox/domain/server';
import { setTimeout as delay } from 'node:timers/promises';

export interface HealthCheckOptions extends HealthThresholds {
  readonly intervalMs: number;
}

/** Each interval is longer or shorter by up to this share, so that many servers are not checked all at once. */
const JITTER = 0.1;

/**
 * Looks again and again whether a server is well. After a check that was missed it looks again at once: what is hung is to be
 * noticed soon, and what was only busy has `critical` chances.
 */
export class HealthCheck {
  readonly #ended = new AbortController();

  /**
   * @param observe one check; never rejects
   * @param heard each health whose verdict is another than the one before
   */
  constructor(
    private readonly options: HealthCheckOptions,
    private readonly observe: () => Promise<HealthObservation>,
    private readonly heard: (health: Health) => void,
  ) {
    void this.#run();
  }

  stop(): void {
    this.#ended.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#ended;
    let health = WELL;
    while (health.verdict !== 'lost') {
      if (health.missed === 0 && !(await this.#pause())) return;
      const observed = await this.observe();
      if (signal.aborted) return;
      const before = health.verdict;
      health = evolveHealth(health, observed, this.options);
      if (health.verdict !== before) this.heard(health);
    }
  }

  /** @returns false when it is over */
  async #pause(): Promise<boolean> {
    const ms = this.options.intervalMs * (1 - JITTER + 2 * JITTER * Math.random());
    const { signal } = this.#ended;
    await delay(ms, undefined, { signal, ref: false }).catch(() => undefined);
    return !signal.aborted;
  }
}

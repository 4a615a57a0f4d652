import type { SourceAnswer } from '@signalbox/domain/discovery';
import type { DiscoveryConfig } from './discovery-config.js';
import type { DiscoverySource } from './source.js';

export const RUN_STATES = ['waiting', 'ok', 'partial', 'failing'] as const;

/** What is known of a source. Times are milliseconds since the epoch. */
export interface RunState {
  /** `waiting`: it has not been asked yet; `partial`: a part did not answer; `failing`: its last answer counts. */
  readonly state: (typeof RUN_STATES)[number];
  readonly lastRunAt?: number;
  /** When it last answered. */
  readonly answeredAt?: number;
  readonly nextRunAt?: number;
  readonly error?: string;
  readonly problems: readonly string[];
}

type Timing = Pick<DiscoveryConfig, 'intervalMs' | 'jitter' | 'timeoutMs' | 'maxServers'>;

/** Asks one source again and again, each time a little earlier or later, and keeps its last answer. */
export class SourceRunner {
  readonly source: DiscoverySource;
  #state: RunState = { state: 'waiting', problems: [] };
  #answer: SourceAnswer;
  #running: Promise<void> | undefined;
  #again = false;
  #timer: NodeJS.Timeout | undefined;
  #unwatch: (() => Promise<void>) | undefined;
  #abort: AbortController | undefined;

  /** @param heard after each run, whatever came of it */
  constructor(
    source: DiscoverySource,
    private readonly timing: Timing,
    private readonly heard: () => void,
  ) {
    this.source = source;
    this.#answer = { source: source.name, found: undefined };
  }

  get state(): RunState {
    return this.#state;
  }

  get answer(): SourceAnswer {
    return this.#answer;
  }

  start(): void {
    if (this.#abort) return;
    this.#abort = new AbortController();
    this.#unwatch = this.source.watch?.(() => void this.run());
    void this.run();
  }

  /** Resolves when nothing of it runs any more. */
  async stop(): Promise<void> {
    this.#abort?.abort(new Error('discovery ends here'));
    this.#abort = undefined;
    clearTimeout(this.#timer);
    this.#answer = { source: this.source.name, found: undefined };
    this.#state = { state: 'waiting', problems: [] };
    await this.#unwatch?.();
    await this.#running;
  }

  /** Asks now. Calls while it is asked share one more run after it. Never rejects. */
  run(): Promise<void> {
    if (this.#running) this.#again = true;
    else this.#running = this.#runAll().finally(() => (this.#running = undefined));
    return this.#running!;
  }

  async #runAll(): Promise<void> {
    do {
      this.#again = false;
      const stopped = this.#abort?.signal;
      if (!stopped) return;
      await this.#runOnce(stopped);
      if (stopped.aborted) continue;
      this.#schedule();
      this.heard();
    } while (this.#again);
  }

  async #runOnce(stopped: AbortSignal): Promise<void> {
    const { timeoutMs, maxServers } = this.timing;
    const lastRunAt = Date.now();
    const late = AbortSignal.timeout(timeoutMs);
    try {
      const { found, problems, isPartial } = await this.source.find(AbortSignal.any([stopped, late]));
      if (stopped.aborted) return;
      const tooMany = found.length > maxServers;
      const kept = tooMany ? found.slice(0, maxServers) : found;
      const all = tooMany ? [...problems, `${found.length} servers found; the first ${maxServers} count`] : problems;
      this.#answer = { source: this.source.name, found: kept, isPartial: isPartial || tooMany };
      this.#state = { state: isPartial ? 'partial' : 'ok', lastRunAt, answeredAt: Date.now(), problems: all };
    } catch (error) {
      if (stopped.aborted) return;
      const reason = late.aborted ? `no answer within ${timeoutMs} ms` : (error as Error).message;
      this.#state = { ...this.#state, state: 'failing', lastRunAt, error: reason };
    }
  }

  #schedule(): void {
    const { intervalMs, jitter } = this.timing;
    const waitMs = Math.max(1, intervalMs * (1 + jitter * (2 * Math.random() - 1)));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.run(), waitMs);
    this.#timer.unref();
    this.#state = { ...this.#state, nextRunAt: Math.round(Date.now() + waitMs) };
  }
}

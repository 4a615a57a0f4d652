import { Agent, request } from 'undici';

export interface HealthCheckOptions {
  /** Milliseconds between checks of an instance that is well; default 15 000. */
  readonly checkIntervalMs?: number;
  /** Milliseconds for a whole check; default 5000. */
  readonly checkTimeoutMs?: number;
  /** Milliseconds from registration to the first check; default 200. */
  readonly firstCheckMs?: number;
  /** Checks at the same time; further ones wait. Default 32. */
  readonly maxConcurrentChecks?: number;
}

export interface CheckResult {
  readonly healthy: boolean;
  readonly reason: string;
}

/** After a failure the next check comes soon, then later and later up to the interval: a start takes seconds, not 15. */
const FIRST_RECHECK_MS = 1_000;
/** What is read of an answer's body, to be able to use its connection again. */
const MAX_BODY_BYTES = 16_384;

interface Target {
  readonly url: string;
  failures: number;
  timer: NodeJS.Timeout | undefined;
}

/** Asks each target's URL in turn, for as long as it is watched. */
export class HealthChecker {
  private readonly options: Required<HealthCheckOptions>;
  private readonly targets = new Map<string, Target>();
  private readonly waiting: (() => void)[] = [];
  private readonly agent: Agent;
  private readonly ended = new AbortController();
  private running = 0;

  constructor(
    options: HealthCheckOptions,
    private readonly onResult: (id: string, result: CheckResult) => void,
  ) {
    this.options = {
      checkIntervalMs: options.checkIntervalMs ?? 15_000,
      checkTimeoutMs: options.checkTimeoutMs ?? 5_000,
      firstCheckMs: options.firstCheckMs ?? 200,
      maxConcurrentChecks: options.maxConcurrentChecks ?? 32,
    };
    this.agent = new Agent({ connections: 1, pipelining: 1, keepAliveTimeout: 1_000 });
  }

  /** Starts with the checks of `id`, or starts anew. */
  watch(id: string, url: string): void {
    this.unwatch(id);
    const target: Target = { url, failures: 0, timer: undefined };
    this.targets.set(id, target);
    this.schedule(id, target, this.options.firstCheckMs);
  }

  unwatch(id: string): void {
    clearTimeout(this.targets.get(id)?.timer);
    this.targets.delete(id);
  }

  async close(): Promise<void> {
    for (const id of [...this.targets.keys()]) this.unwatch(id);
    this.ended.abort();
    for (const resume of this.waiting.splice(0)) resume();
    await this.agent.destroy();
  }

  private schedule(id: string, target: Target, delayMs: number): void {
    target.timer = setTimeout(() => void this.check(id, target), delayMs);
  }

  private async check(id: string, target: Target): Promise<void> {
    if (this.running >= this.options.maxConcurrentChecks) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
      if (this.targets.get(id) !== target) return this.waiting.shift()?.();
    }
    this.running++;
    const result = await this.ask(target.url);
    this.running--;
    this.waiting.shift()?.();
    if (this.targets.get(id) !== target) return;
    target.failures = result.healthy ? 0 : target.failures + 1;
    const soon = result.healthy ? Infinity : FIRST_RECHECK_MS * 2 ** (target.failures - 1);
    this.schedule(id, target, Math.min(this.options.checkIntervalMs, soon));
    this.onResult(id, result);
  }

  private async ask(url: string): Promise<CheckResult> {
    const { checkTimeoutMs } = this.options;
    const timeout = AbortSignal.timeout(checkTimeoutMs);
    try {
      const signal = AbortSignal.any([timeout, this.ended.signal]);
      const { statusCode, body } = await request(url, { dispatcher: this.agent, signal });
      await body.dump({ limit: MAX_BODY_BYTES, signal });
      return { healthy: statusCode >= 200 && statusCode < 300, reason: `health check answered ${statusCode}` };
    } catch (error) {
      if (timeout.aborted) return { healthy: false, reason: `health check did not answer within ${checkTimeoutMs} ms` };
      return {
        healthy: false,
        reason: `health check failed: ${error instanceof Error ? error.message : String(error)}`,
      };
    }
  }
}

import { pause } from '../api/blocking-query.js';
import type { ConsulApi } from '../api/consul-api.js';
import { LifeSign } from './life-sign.js';

export interface SessionOptions {
  /** Milliseconds without renewal after which Consul may end a session; default 10 000, the least that it takes. It takes twice as long. */
  readonly ttlMs: number;
  /** Milliseconds without a sign of life after which Consul ends a session at once; default 6000, at most `ttlMs`. */
  readonly lifeSignMs: number;
  /** Milliseconds after the loss of a session in which nobody gets its locks; default 1000. */
  readonly lockDelayMs: number;
}

/** Part of the time to live after which an unrenewed session counts as lost: well before it can be lost. */
const TRUST = 0.8;

/**
 * A session that is renewed until it ends. `lost` is aborted, with the reason, when Consul has ended it, and when it
 * could be about to because no renewal came through.
 */
export class Session {
  private readonly ended = new AbortController();
  private readonly losing = new AbortController();

  private constructor(
    private readonly api: ConsulApi,
    readonly id: string,
    private readonly life: LifeSign,
    validFrom: number,
  ) {
    void this.renew(validFrom);
  }

  static async create(
    api: ConsulApi,
    name: string,
    { ttlMs, lockDelayMs, lifeSignMs }: SessionOptions,
  ): Promise<Session> {
    const life = await LifeSign.begin(api, name, lifeSignMs);
    const began = performance.now();
    try {
      const id = await life.watched((checks) => api.createSession({ name, ttlMs, lockDelayMs, checks }));
      return new Session(api, id, life, began);
    } catch (error) {
      await life.end();
      throw error;
    }
  }

  get lost(): AbortSignal {
    return this.losing.signal;
  }

  lose(reason: string): void {
    this.ended.abort();
    this.losing.abort(reason);
  }

  /** Renews it no more: Consul forgets it some time later. */
  abandon(): void {
    this.ended.abort();
    void this.life.end();
  }

  async destroy(): Promise<void> {
    this.ended.abort();
    await this.api.destroySession(this.id).catch(() => undefined);
    await this.life.end();
  }

  /** Times are of the last request that was answered, as it was sent: what Consul counts from is later. */
  private async renew(validFrom: number): Promise<void> {
    const { signal } = this.ended;
    const trustedMs = this.life.ttlMs * TRUST;
    const interval = this.life.ttlMs / 3;
    let deadline = validFrom + trustedMs;
    let timer: NodeJS.Timeout | undefined;
    const guard = (): void => {
      clearTimeout(timer);
      timer = setTimeout(
        () => this.lose(`its session was not renewed for ${trustedMs} ms`),
        deadline - performance.now(),
      );
    };
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    guard();
    let wait = interval;
    while (!signal.aborted) {
      await pause(wait, signal);
      if (signal.aborted) return;
      const began = performance.now();
      try {
        await this.life.sign();
        if (!(await this.api.renewSession(this.id))) return this.lose('its session has ended');
        deadline = began + trustedMs;
        if (!signal.aborted) guard();
        wait = interval;
      } catch {
        wait = interval / 5;
      }
    }
  }
}

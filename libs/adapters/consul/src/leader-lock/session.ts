import type { ConsulApi } from '../api/consul-api.js';
import { pause } from '../api/blocking-query.js';

export interface SessionOptions {
  /** Milliseconds without renewal after which Consul may end a session; default 10 000, the least that it takes. */
  readonly ttlMs: number;
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
    private readonly ttlMs: number,
    validFrom: number,
  ) {
    void this.renew(validFrom);
  }

  static async create(api: ConsulApi, name: string, { ttlMs, lockDelayMs }: SessionOptions): Promise<Session> {
    const began = performance.now();
    const id = await api.createSession({ name, ttlMs, lockDelayMs });
    return new Session(api, id, ttlMs, began);
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
  }

  async destroy(): Promise<void> {
    this.abandon();
    await this.api.destroySession(this.id).catch(() => undefined);
  }

  /** Times are of the last request that was answered, as it was sent: what Consul counts from is later. */
  private async renew(validFrom: number): Promise<void> {
    const { signal } = this.ended;
    const interval = this.ttlMs / 3;
    let deadline = validFrom + this.ttlMs * TRUST;
    let timer: NodeJS.Timeout | undefined;
    const guard = (): void => {
      clearTimeout(timer);
      timer = setTimeout(
        () => this.lose(`its session was not renewed for ${this.ttlMs * TRUST} ms`),
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
        if (!(await this.api.renewSession(this.id))) return this.lose('its session has ended');
        deadline = began + this.ttlMs * TRUST;
        if (!signal.aborted) guard();
        wait = interval;
      } catch {
        wait = interval / 5;
      }
    }
  }
}

import type { ServiceInstance } from '@signalbox/contracts';
import { pause } from '../api/blocking-query.js';
import type { ConsulApi } from '../api/consul-api.js';
import { checkIdOf } from './instance-codec.js';

export interface OwnInstance {
  readonly instance: ServiceInstance;
  /** Whether its health check passed when it was last looked at. */
  passing: boolean;
}

/**
 * The instances that this process registered. An agent that restarted without its data has forgotten them, and one that
 * was down for long has dropped them: they are registered again.
 */
export class OwnInstances {
  private readonly instances = new Map<string, OwnInstance>();
  private readonly ended = new AbortController();
  private failing = false;

  /** @param restore registers it again, unless it was deregistered meanwhile */
  constructor(
    private readonly api: ConsulApi,
    intervalMs: number,
    private readonly restore: (own: OwnInstance) => Promise<void>,
  ) {
    void this.run(intervalMs);
  }

  get size(): number {
    return this.instances.size;
  }

  get(id: string): OwnInstance | undefined {
    return this.instances.get(id);
  }

  set(instance: ServiceInstance, passing: boolean): void {
    this.instances.set(instance.id, { instance, passing });
  }

  delete(id: string): void {
    this.instances.delete(id);
  }

  close(): void {
    this.ended.abort();
  }

  private async run(intervalMs: number): Promise<void> {
    const { signal } = this.ended;
    for (;;) {
      await pause(intervalMs * (0.9 + Math.random() / 5), signal);
      if (signal.aborted) return;
      try {
        if (this.instances.size > 0) await this.compare();
        this.failing = false;
      } catch (error) {
        if (!this.failing && !signal.aborted) this.api.options.onError(error, 'own instances in Consul');
        this.failing = true;
      }
    }
  }

  private async compare(): Promise<void> {
    const [services, checks] = await Promise.all([this.api.agentServices(), this.api.agentChecks()]);
    for (const [id, own] of this.instances) {
      if (this.ended.signal.aborted) return;
      const check = checks[checkIdOf(id)];
      if (!services[id]) await this.restore(own);
      else if (check) own.passing = check.Status === 'passing';
    }
  }
}

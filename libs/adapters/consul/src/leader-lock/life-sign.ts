import { newId } from '@signalbox/contracts';
import { pause } from '../api/blocking-query.js';
import type { ConsulApi } from '../api/consul-api.js';
import { checkIdOf } from '../directory/instance-codec.js';

/** The name under which candidates are in Consul. Without the tag `mcp`: they are no MCP servers. */
const SERVICE = 'signalbox-candidate';
/** Time after which Consul forgets a candidate that gives no sign of life: the least that it takes. */
const FORGET_AFTER = '60s';
/** Longest that the agent may take to tell the servers of a new check, milliseconds. */
const MAX_SETTLE_MS = 2_000;

/**
 * A check with a time to live that a session depends on: Consul ends a session by its own time to live only after twice that,
 * and by a check that has become critical at once (https://developer.hashicorp.com/consul/docs/dynamic-app-config/sessions).
 */
export class LifeSign {
  private constructor(
    private readonly api: ConsulApi,
    private readonly id: string,
    readonly ttlMs: number,
  ) {}

  /** @param candidate for whoever looks into Consul */
  static async begin(api: ConsulApi, candidate: string, ttlMs: number): Promise<LifeSign> {
    const id = `${SERVICE}-${newId()}`;
    await api.registerService({
      id,
      name: SERVICE,
      meta: { candidate },
      check: {
        checkid: checkIdOf(id),
        name: 'sign of life',
        ttl: `${ttlMs}ms`,
        status: 'passing',
        deregistercriticalserviceafter: FORGET_AFTER,
      },
    });
    return new LifeSign(api, id, ttlMs);
  }

  /** Makes something that depends on the check, again while the servers do not know it yet. */
  async watched<T>(make: (checks: string[]) => Promise<T>): Promise<T> {
    const until = performance.now() + MAX_SETTLE_MS;
    for (let wait = 10; ; wait *= 2) {
      try {
        return await make([checkIdOf(this.id)]);
      } catch (error) {
        if (performance.now() > until) throw error;
        await pause(wait, AbortSignal.timeout(MAX_SETTLE_MS));
      }
    }
  }

  async sign(): Promise<void> {
    await this.api.passCheck(checkIdOf(this.id));
  }

  async end(): Promise<void> {
    await this.api.deregisterService(this.id).catch(() => undefined);
  }
}

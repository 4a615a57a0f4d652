import { meetsQuery, byNameAndId } from '@signalbox/adapter-kit';
import { newId, serviceInstanceSchema, type ServiceInstance } from '@signalbox/contracts';
import type { ServiceDirectory, ServiceQuery } from '@signalbox/ports';
import { ConsulApi } from '../api/consul-api.js';
import type { ConsulOptions } from '../api/options.js';
import { pause } from '../api/blocking-query.js';
import { checkIdOf, registered, toService, type CheckOptions } from './instance-codec.js';
import { fromMeta } from './instance-meta.js';
import { instancesOf } from './instances-of.js';
import { KeyedTurns } from './keyed-turns.js';
import { OwnInstances, type OwnInstance } from './own-instances.js';
import { ServiceWatches } from './service-watches.js';

export interface ConsulDirectoryOptions extends ConsulOptions, Partial<CheckOptions> {
  /** Milliseconds between looks whether the agent still has what was registered; default 15 000. */
  readonly antiEntropyMs?: number;
  /** Instances that may be registered by one directory; default 1000. */
  readonly maxInstances?: number;
  /** Services that may be watched at the same time, each by a connection of its own; default 200. */
  readonly maxWatches?: number;
}

/** Longest that a registration waits for being found by others, milliseconds; it is found later then. */
const MAX_SETTLE_MS = 1_000;
/** Services that are asked about at the same time by a query that names none. */
const CONCURRENT_QUERIES = 8;

/**
 * The directory in Consul: an instance is a service of the agent, its health a check that the agent makes. An instance
 * belongs to the process that registered it: it can be deregistered by every directory of the same agent, but a process
 * that still runs puts its own back.
 */
export class ConsulDirectory implements ServiceDirectory {
  private readonly api: ConsulApi;
  private readonly checks: CheckOptions;
  private readonly watches: ServiceWatches;
  private readonly own: OwnInstances;
  private readonly turns = new KeyedTurns();
  private readonly maxInstances: number;
  private readonly ended = new AbortController();

  /** Connects when it is first used. @throws RangeError for a URL that is not one of HTTP */
  constructor(options: ConsulDirectoryOptions) {
    this.api = new ConsulApi(options);
    this.checks = {
      checkIntervalMs: options.checkIntervalMs ?? 15_000,
      checkTimeoutMs: options.checkTimeoutMs ?? 5_000,
      deregisterAfterMs: options.deregisterAfterMs ?? 300_000,
    };
    this.maxInstances = options.maxInstances ?? 1_000;
    this.watches = new ServiceWatches(this.api, options.maxWatches ?? 200);
    this.own = new OwnInstances(this.api, options.antiEntropyMs ?? 15_000, (own) => this.restore(own));
  }

  /** @throws ZodError for an instance that is not one; RangeError for one that is too large, and when there are too many */
  async register(candidate: ServiceInstance): Promise<void> {
    this.checkOpen();
    const instance = serviceInstanceSchema.parse(candidate);
    await this.turns.take(instance.id, async () => {
      if (!this.own.get(instance.id) && this.own.size >= this.maxInstances) {
        throw new RangeError(`${this.own.size} instances are registered here, the most allowed`);
      }
      const previous = await this.known(instance.id);
      const registrationTime = previous?.registrationTime ?? instance.registrationTime;
      const now = { ...instance, registrationTime, lastUpdateTime: Date.now() };
      // a service that only changes its name may leave watchers of the old one unaware
      if (previous && previous.serviceName !== now.serviceName) await this.forget(previous);
      const passing = await this.initiallyPassing(now, previous);
      await this.put(now, passing, previous);
      this.own.set(now, passing);
    });
  }

  async deregister(instanceId: string, _reason?: string): Promise<boolean> {
    this.checkOpen();
    return this.turns.take(instanceId, async () => {
      const service = (await this.api.agentServices(instanceId))[instanceId];
      this.own.delete(instanceId);
      if (!service) return false;
      await this.forget({ id: instanceId, serviceName: service.Service });
      return true;
    });
  }

  async getInstances(serviceName: string): Promise<ServiceInstance[]> {
    this.checkOpen();
    return instancesOf((await this.api.serviceHealth(serviceName)).value);
  }

  async findServices(query: ServiceQuery): Promise<ServiceInstance[]> {
    this.checkOpen();
    const names = query.serviceName === undefined ? await this.namesWith(query.tags ?? []) : [query.serviceName];
    const found: ServiceInstance[] = [];
    for (let i = 0; i < names.length; i += CONCURRENT_QUERIES) {
      const some = names.slice(i, i + CONCURRENT_QUERIES).map((name) => this.getInstances(name));
      found.push(...(await Promise.all(some)).flat());
    }
    return found.filter((instance) => meetsQuery(instance, query)).sort(byNameAndId);
  }

  watchService(serviceName: string, listener: (instances: ServiceInstance[]) => void): () => void {
    this.checkOpen();
    return this.watches.add(serviceName, listener);
  }

  async ping(): Promise<void> {
    this.checkOpen();
    if (!(await this.api.clusterLeader())) throw new Error('the Consul cluster has no leader');
  }

  async close(): Promise<void> {
    this.ended.abort();
    this.watches.clear();
    this.own.close();
    await this.turns.idle();
    this.api.close();
  }

  private async put(instance: ServiceInstance, passing: boolean, previous?: ServiceInstance): Promise<void> {
    const { id, serviceName, status, healthCheckUrl } = instance;
    const revision = newId();
    await this.api.registerService(toService(instance, revision, passing, this.checks));
    if (previous?.healthCheckUrl !== undefined && healthCheckUrl === undefined) {
      await this.api.deregisterCheck(checkIdOf(id));
    }
    if (status === 'OUT_OF_SERVICE') await this.api.setMaintenance(id, true, 'registered as OUT_OF_SERVICE');
    else if (previous?.status === 'OUT_OF_SERVICE') await this.api.setMaintenance(id, false, '');
    await this.settled(serviceName, (revisions) => revisions.get(id) === revision);
  }

  private async forget({ id, serviceName }: Pick<ServiceInstance, 'id' | 'serviceName'>): Promise<void> {
    await this.api.deregisterService(id);
    await this.settled(serviceName, (revisions) => !revisions.has(id));
  }

  private async restore({ instance, passing }: OwnInstance): Promise<void> {
    await this.turns.take(instance.id, async () => {
      if (this.own.get(instance.id)?.instance === instance) await this.put(instance, passing);
    });
  }

  /** As it was registered by this process, or by one before it at the same agent. */
  private async known(id: string): Promise<ServiceInstance | undefined> {
    const service = (await this.api.agentServices(id))[id];
    return (service && registered(service)) ?? this.own.get(id)?.instance;
  }

  /** An instance that only tells news of itself keeps what its health check found. */
  private async initiallyPassing(instance: ServiceInstance, previous?: ServiceInstance): Promise<boolean> {
    const { id, status, healthCheckUrl } = instance;
    if (healthCheckUrl !== undefined && previous?.healthCheckUrl === healthCheckUrl) {
      const check = (await this.api.agentChecks())[checkIdOf(id)];
      if (check && check.Output !== '') return check.Status === 'passing';
    }
    return status === 'UP' || status === 'OUT_OF_SERVICE';
  }

  /** The agent tells the catalogue a little later; who registers should be found when that has resolved. */
  private async settled(serviceName: string, expected: (revisions: Map<string, string>) => boolean): Promise<void> {
    const until = performance.now() + MAX_SETTLE_MS;
    for (let wait = 2; performance.now() < until && !this.ended.signal.aborted; wait *= 2) {
      const health = await this.api.serviceHealth(serviceName).catch(() => undefined);
      // the agent has it, which is what counts
      if (!health) return;
      const { value } = health;
      if (expected(new Map(value.map(({ Service }) => [Service.ID, fromMeta(Service.Meta)?.revision ?? ''])))) return;
      await pause(wait, this.ended.signal);
    }
  }

  private async namesWith(tags: readonly string[]): Promise<string[]> {
    const services = await this.api.serviceTags();
    return Object.keys(services).filter((name) => tags.every((tag) => services[name]!.includes(tag)));
  }

  private checkOpen(): void {
    if (this.ended.signal.aborted) throw new Error('the service directory is closed');
  }
}

import { byNameAndId, meetsQuery } from '@signalbox/adapter-kit';
import type { ServiceInstance } from '@signalbox/contracts';
import type { ServiceQuery } from '@signalbox/ports';
import { deepFreeze } from '../bus/options.js';

/** The instances, found by name, status and tag without looking at the others. What it hands out is frozen. */
export class InstanceTable {
  private readonly instances = new Map<string, ServiceInstance>();
  private readonly byName = new Map<string, Set<string>>();
  private readonly byStatus = new Map<string, Set<string>>();
  private readonly byTag = new Map<string, Set<string>>();

  get size(): number {
    return this.instances.size;
  }

  get(id: string): ServiceInstance | undefined {
    return this.instances.get(id);
  }

  put(instance: ServiceInstance): void {
    this.remove(instance.id);
    deepFreeze(instance);
    this.instances.set(instance.id, instance);
    this.eachKey(instance, (index, key) => {
      const ids = index.get(key);
      if (ids) ids.add(instance.id);
      else index.set(key, new Set([instance.id]));
    });
  }

  remove(id: string): ServiceInstance | undefined {
    const instance = this.instances.get(id);
    if (!instance) return undefined;
    this.instances.delete(id);
    this.eachKey(instance, (index, key) => {
      const ids = index.get(key);
      ids?.delete(id);
      if (ids?.size === 0) index.delete(key);
    });
    return instance;
  }

  all(): Iterable<ServiceInstance> {
    return this.instances.values();
  }

  /** Ordered by service name, then id. */
  find(query: ServiceQuery): ServiceInstance[] {
    const sets: (ReadonlySet<string> | undefined)[] = [];
    if (query.serviceName !== undefined) sets.push(this.byName.get(query.serviceName));
    if (query.status !== undefined) sets.push(this.byStatus.get(query.status));
    for (const tag of query.tags ?? []) sets.push(this.byTag.get(tag));
    if (sets.includes(undefined)) return [];
    const smallest = (sets as ReadonlySet<string>[]).sort((a, b) => a.size - b.size)[0];
    const candidates = smallest ? [...smallest].map((id) => this.instances.get(id)!) : [...this.instances.values()];
    return candidates.filter((instance) => meetsQuery(instance, query)).sort(byNameAndId);
  }

  private eachKey(instance: ServiceInstance, visit: (index: Map<string, Set<string>>, key: string) => void): void {
    visit(this.byName, instance.serviceName);
    visit(this.byStatus, instance.status);
    for (const tag of new Set(instance.tags)) visit(this.byTag, tag);
  }
}

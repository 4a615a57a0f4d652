import type { ServiceInstance } from '@signalbox/contracts';
import type { ServiceQuery } from '@signalbox/ports';

type Ids = ReadonlySet<ServiceInstance>;

/**
 * Service instances, found by any combination of name, status, role, tags and metadata. A query looks at as many instances
 * as the rarest of its criteria has, and at all of them in their order when that is most of them.
 */
export class InstanceIndex {
  readonly #byId = new Map<string, ServiceInstance>();
  readonly #byCriterion = new Map<string, Set<ServiceInstance>>();
  /** By service name, then id; undefined when somebody came or went since. */
  #sorted: ServiceInstance[] | undefined = [];

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): ServiceInstance | undefined {
    return this.#byId.get(id);
  }

  /** Puts the instances of one service in the place of those that it had. */
  replace(serviceName: string, instances: readonly ServiceInstance[]): void {
    const ids = new Set(instances.map(({ id }) => id));
    for (const known of [...(this.#byCriterion.get(key('name', serviceName)) ?? [])]) {
      if (!ids.has(known.id)) this.#remove(known);
    }
    for (const instance of instances) {
      const known = this.#byId.get(instance.id);
      if (known === instance) continue;
      if (known) this.#remove(known);
      this.#add(instance);
    }
  }

  /** Ordered by service name, then id. */
  find(query: ServiceQuery): ServiceInstance[] {
    const criteria = criteriaOf(query);
    const sets: Ids[] = [];
    for (const criterion of criteria) {
      const set = this.#byCriterion.get(criterion);
      if (!set) return [];
      sets.push(set);
    }
    const [rarest, ...others] = sets.sort((a, b) => a.size - b.size);
    if (!rarest) return [...this.#inOrder()];
    // sorting many costs more than going through all that are sorted already
    if (rarest.size * 4 > this.#byId.size) {
      return this.#inOrder().filter((instance) => sets.every((set) => set.has(instance)));
    }
    return [...rarest].filter((instance) => others.every((set) => set.has(instance))).sort(byNameAndId);
  }

  #inOrder(): ServiceInstance[] {
    return (this.#sorted ??= [...this.#byId.values()].sort(byNameAndId));
  }

  #add(instance: ServiceInstance): void {
    this.#byId.set(instance.id, instance);
    this.#sorted = undefined;
    for (const criterion of criteriaOfInstance(instance)) {
      const set = this.#byCriterion.get(criterion);
      if (set) set.add(instance);
      else this.#byCriterion.set(criterion, new Set([instance]));
    }
  }

  #remove(instance: ServiceInstance): void {
    this.#byId.delete(instance.id);
    this.#sorted = undefined;
    for (const criterion of criteriaOfInstance(instance)) {
      const set = this.#byCriterion.get(criterion);
      set?.delete(instance);
      if (set?.size === 0) this.#byCriterion.delete(criterion);
    }
  }
}

const key = (kind: string, value: string): string => `${kind}\0${value}`;

function criteriaOf({ serviceName, status, role, tags = [], metadata = {} }: ServiceQuery): string[] {
  return [
    ...(serviceName === undefined ? [] : [key('name', serviceName)]),
    ...(status === undefined ? [] : [key('status', status)]),
    ...(role === undefined ? [] : [key('role', role)]),
    ...tags.map((tag) => key('tag', tag)),
    ...Object.entries(metadata).map(([name, value]) => key(`metadata ${name.length}`, name + value)),
  ];
}

const criteriaOfInstance = ({ serviceName, status, role, tags, metadata }: ServiceInstance): string[] =>
  criteriaOf({ serviceName, status, role, tags: [...new Set(tags)], metadata });

function byNameAndId(a: ServiceInstance, b: ServiceInstance): number {
  if (a.serviceName !== b.serviceName) return a.serviceName < b.serviceName ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

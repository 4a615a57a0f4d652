import type { FoundServer } from '@signalbox/domain/discovery';

/** Where one instance of a service is. */
export interface FoundInstance {
  /** What the server would be called. */
  readonly name: string;
  /** What all instances of the server have in common. */
  readonly service: string;
  readonly url: string;
  /** Greater than 0. */
  readonly weight?: number | undefined;
}

/** As a definition takes them. */
const MAX_INSTANCES = 100;
const MAX_WEIGHT = 1_000;

/**
 * One server for each service and name, with all its instances; always in the same order, so that the same instances make the same
 * definition.
 */
export function grouped(found: readonly FoundInstance[]): { found: FoundServer[]; problems: string[] } {
  const services = new Map<string, FoundInstance[]>();
  for (const instance of found) {
    const key = `${instance.service}\n${instance.name}`;
    const known = services.get(key);
    if (!known) services.set(key, [instance]);
    else if (!known.some(({ url }) => url === instance.url)) known.push(instance);
  }
  const problems: string[] = [];
  const servers = [...services.values()].map((instances): FoundServer => {
    const { name, service } = instances[0]!;
    if (instances.length > MAX_INSTANCES)
      problems.push(`${service} has ${instances.length} instances; the first ${MAX_INSTANCES} are taken`);
    const list = instances
      .sort((a, b) => (a.url < b.url ? -1 : 1))
      .slice(0, MAX_INSTANCES)
      .map(({ url, weight = 1 }) => ({ url, weight: Math.min(Math.max(weight, 1), MAX_WEIGHT) }));
    return { name, group: service, entry: { instances: list } };
  });
  return { found: servers, problems };
}

/** One server for each instance. */
export const apart = (found: readonly FoundInstance[]): FoundServer[] =>
  found.map(({ name, url }) => ({ name, entry: { url } }));

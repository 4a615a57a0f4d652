import type { ServiceInstance } from '@signalbox/contracts';
import type { ServiceQuery } from '@signalbox/ports';

/** Whether all criteria of a query hold. */
export function meetsQuery(instance: ServiceInstance, query: ServiceQuery): boolean {
  return (
    (query.serviceName === undefined || instance.serviceName === query.serviceName) &&
    (query.status === undefined || instance.status === query.status) &&
    (query.role === undefined || instance.role === query.role) &&
    (query.tags ?? []).every((tag) => instance.tags.includes(tag)) &&
    Object.entries(query.metadata ?? {}).every(
      ([key, value]) => Object.hasOwn(instance.metadata, key) && instance.metadata[key] === value,
    )
  );
}

/** Compares for sorting: by service name, then id. */
export function byNameAndId(a: ServiceInstance, b: ServiceInstance): number {
  if (a.serviceName !== b.serviceName) return a.serviceName < b.serviceName ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

import type { ServiceInstance } from '@signalbox/contracts';

export function instanceRows(instances: readonly ServiceInstance[]): unknown[][] {
  return instances.map(({ id, serviceName, host, port, status, role, capacity, tags }) => [
    id,
    serviceName,
    `${host}:${port}`,
    status,
    role,
    `${capacity.currentLoad}/${capacity.maxConcurrentRequests}`,
    tags.join(','),
  ]);
}

/** One line for each instance that came, went, or has another status. @param before undefined: all of them are new to us */
export function changesBetween(
  before: readonly ServiceInstance[] | undefined,
  after: readonly ServiceInstance[],
  now: Date,
): string[] {
  const time = now.toISOString();
  const known = new Map((before ?? []).map((instance) => [instance.id, instance]));
  const here = new Set(after.map(({ id }) => id));
  const lines = after.flatMap(({ id, host, port, status }) => {
    const old = known.get(id);
    if (old?.status === status) return [];
    const change = old === undefined ? status : `${old.status} → ${status}`;
    return [`${time}  ${id}  ${host}:${port}  ${change}`];
  });
  const gone = [...known.values()].filter(({ id }) => !here.has(id));
  lines.push(...gone.map(({ id, host, port }) => `${time}  ${id}  ${host}:${port}  gone`));
  return before === undefined && lines.length === 0 ? [`${time}  no instances`] : lines;
}

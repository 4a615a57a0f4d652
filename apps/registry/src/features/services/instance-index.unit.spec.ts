import { SERVICE_STATUSES, type ServiceInstance } from '@signalbox/contracts';
import type { ServiceQuery } from '@signalbox/ports';
import { describe, expect, it } from 'vitest';
import { InstanceIndex } from './instance-index.js';

const ROLES = ['master', 'worker', 'specialized'] as const;
const instance = (n: number, extra: Partial<ServiceInstance> = {}): ServiceInstance => ({
  id: `i${String(n).padStart(4, '0')}`,
  serviceName: `service-${n % 7}`,
  host: 'h',
  port: 1,
  status: SERVICE_STATUSES[n % 4]!,
  role: ROLES[n % 3]!,
  capacity: { maxConcurrentRequests: 1, currentLoad: 0 },
  features: [],
  tags: [`t${n % 5}`, `u${n % 2}`, `t${n % 5}`],
  metadata: { zone: `z${n % 11}`, rack: `r${n % 13}` },
  registrationTime: 0,
  lastUpdateTime: 0,
  ...extra,
});

function indexOf(instances: readonly ServiceInstance[]): InstanceIndex {
  const index = new InstanceIndex();
  for (const name of new Set(instances.map(({ serviceName }) => serviceName))) {
    index.replace(
      name,
      instances.filter(({ serviceName }) => serviceName === name),
    );
  }
  return index;
}

/** What a query means, by looking at each. */
const plainly = (instances: readonly ServiceInstance[], query: ServiceQuery): string[] =>
  instances
    .filter(
      (one) =>
        (query.serviceName === undefined || one.serviceName === query.serviceName) &&
        (query.status === undefined || one.status === query.status) &&
        (query.role === undefined || one.role === query.role) &&
        (query.tags ?? []).every((tag) => one.tags.includes(tag)) &&
        Object.entries(query.metadata ?? {}).every(([name, value]) => one.metadata[name] === value),
    )
    .map(({ serviceName, id }) => `${serviceName}/${id}`)
    .sort();

const QUERIES: ServiceQuery[] = [
  {},
  { serviceName: 'service-3' },
  { status: 'UP' },
  { role: 'worker', status: 'DOWN' },
  { tags: ['u1'] },
  { tags: ['t2', 'u0'], status: 'UP' },
  { metadata: { zone: 'z4' } },
  { metadata: { zone: 'z4', rack: 'r5' }, role: 'master' },
  { serviceName: 'service-1', tags: ['t1'], status: 'OUT_OF_SERVICE', metadata: { rack: 'r7' } },
  { serviceName: 'nobody' },
  { tags: ['u1', 'nobody'] },
  { metadata: { zone: 'constructor' } },
];

describe('queries', () => {
  const instances = Array.from({ length: 1_000 }, (_, n) => instance(n));
  it.each(QUERIES)('%j finds what it means, in order', (query) => {
    const found = indexOf(instances).find(query);
    expect(found.map(({ serviceName, id }) => `${serviceName}/${id}`)).toEqual(plainly(instances, query));
  });

  it('do not take one kind of criterion for another', () => {
    const index = indexOf([instance(1, { tags: ['UP'], status: 'DOWN', metadata: { a: 'b\0c' } })]);
    expect(index.find({ status: 'UP' })).toEqual([]);
    expect(index.find({ metadata: { 'a\0b': 'c' } })).toHaveLength(0);
  });
});

describe('changes', () => {
  it('of an instance move it from one criterion to the other', () => {
    const index = indexOf([instance(1, { status: 'UP', tags: ['a'], metadata: { zone: '1' } })]);
    index.replace('service-1', [instance(1, { status: 'DOWN', tags: ['b'], metadata: { zone: '2' } })]);
    for (const gone of [{ status: 'UP' }, { tags: ['a'] }, { metadata: { zone: '1' } }] as const) {
      expect(index.find(gone)).toEqual([]);
    }
    for (const now of [{ status: 'DOWN' }, { tags: ['b'] }, { metadata: { zone: '2' } }] as const) {
      expect(index.find(now)).toHaveLength(1);
    }
  });

  it('take out those that are gone, and leave other services alone', () => {
    const all = Array.from({ length: 100 }, (_, n) => instance(n));
    const index = indexOf(all);
    index.replace('service-0', []);
    const left = all.filter(({ serviceName }) => serviceName !== 'service-0');
    expect(index.size).toBe(left.length);
    for (const query of QUERIES) {
      expect(index.find(query).map(({ serviceName, id }) => `${serviceName}/${id}`)).toEqual(plainly(left, query));
    }
  });

  it('keep an instance that has come back under another service name', () => {
    const index = indexOf([instance(1)]);
    index.replace('other', [instance(1, { serviceName: 'other' })]);
    index.replace('service-1', []);
    expect(index.find({}).map(({ serviceName }) => serviceName)).toEqual(['other']);
  });
});

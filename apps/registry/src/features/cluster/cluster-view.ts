import { LOAD_BANDS, SERVICE_STATUSES, serviceInstanceSchema, type ServiceInstance } from '@signalbox/contracts';
import * as z from 'zod';
import { shownLoadSchema, type ShownLoad } from '../load/load-board.js';

const memberSchema = serviceInstanceSchema
  .pick({ id: true, serviceName: true, status: true, role: true, capacity: true, features: true })
  .extend({
    load: shownLoadSchema.optional().describe('As it was reported last; absent for one that reports none'),
    loadBand: z.enum(LOAD_BANDS).optional().describe('With asOf: the band that its load was in'),
  });

export const clusterSchema = z.object({
  leader: z
    .object({
      instanceId: z.string().nullable().describe('null: nobody leads, or nobody knows now'),
      isHere: z.boolean().describe('Whether it is the registry that answers'),
    })
    .describe('The registry that hands out commands'),
  services: z.record(
    z.string(),
    z.object({
      instances: z.number().int(),
      up: z.number().int(),
      maxConcurrentRequests: z.number().int().describe('Of the instances that are UP'),
      currentLoad: z.number(),
    }),
  ),
  statuses: z.record(z.enum(SERVICE_STATUSES), z.number().int()),
  instances: z.array(memberSchema),
});
export type Cluster = z.infer<typeof clusterSchema>;

type Member = ServiceInstance & Pick<Cluster['instances'][number], 'loadBand'> & { readonly load?: ShownLoad };

/** The whole of the cluster, from its instances. */
export function clusterOf(leader: Cluster['leader'], found: readonly Member[]): Cluster {
  const instances = [...found].sort((a, b) => (a.id < b.id ? -1 : 1));
  const services: Cluster['services'] = {};
  const statuses = Object.fromEntries(SERVICE_STATUSES.map((status) => [status, 0])) as Cluster['statuses'];
  for (const { serviceName, status, capacity } of instances) {
    const sums = (services[serviceName] ??= { instances: 0, up: 0, maxConcurrentRequests: 0, currentLoad: 0 });
    sums.instances++;
    statuses[status]++;
    if (status !== 'UP') continue;
    sums.up++;
    sums.maxConcurrentRequests += capacity.maxConcurrentRequests;
    sums.currentLoad += capacity.currentLoad;
  }
  const members = instances.map(({ id, serviceName, status, role, capacity, features, load, loadBand }) => ({
    ...{ id, serviceName, status, role, capacity, features },
    ...(load && { load }),
    ...(loadBand && { loadBand }),
  }));
  return { leader, services, statuses, instances: members };
}

import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { SERVICE_STATUSES, serviceInstanceSchema, type ServiceInstance } from '@signalbox/contracts';
import { InjectDirectory } from '@signalbox/nest-kit';
import type { ServiceDirectory } from '@signalbox/ports';
import * as z from 'zod';
import { ApiAsOf, asOfQuerySchema } from '../as-of/as-of.js';
import { PastServices } from '../services/past-services.js';
import { success, successOf, type Success } from '../../success.js';

const memberSchema = serviceInstanceSchema.pick({
  id: true,
  serviceName: true,
  status: true,
  role: true,
  capacity: true,
  features: true,
});
const clusterSchema = z.object({
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
type Cluster = z.infer<typeof clusterSchema>;

@ApiTags('cluster')
@Controller('cluster')
export class ClusterController {
  constructor(
    @InjectDirectory() private readonly directory: ServiceDirectory,
    private readonly past: PastServices,
  ) {}

  @Get()
  @ApiAsOf()
  @ApiOperation({ summary: 'All instances: role, capacity, load, features; and sums for each service' })
  @ApiResponse({
    status: 200,
    description: 'As the directory has it now, or as the log had it',
    standardSchema: successOf(clusterSchema),
  })
  async cluster(
    @Query({ schema: asOfQuerySchema }) { asOf }: z.infer<typeof asOfQuerySchema>,
  ): Promise<Success<Cluster>> {
    const found = asOf === undefined ? this.directory.findServices({}) : this.past.find({}, asOf);
    return success(clusterOf(await found));
  }
}

function clusterOf(found: readonly ServiceInstance[]): Cluster {
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
  const members = instances.map(({ id, serviceName, status, role, capacity, features }) => ({
    id,
    serviceName,
    status,
    role,
    capacity,
    features,
  }));
  return { services, statuses, instances: members };
}

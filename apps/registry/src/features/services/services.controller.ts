import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { SERVICE_STATUSES, serviceInstanceSchema, type ServiceInstance } from '@signalbox/contracts';
import { InjectClock, InjectDirectory, ProblemException } from '@signalbox/nest-kit';
import type { Clock, ServiceDirectory } from '@signalbox/ports';
import * as z from 'zod';
import type { RegistryConfig } from '../../config.js';
import { InjectRegistryConfig } from '../../registry-config.module.js';
import { success, successOf, type Success } from '../../success.js';
import { ApiAsOf, asOfQuerySchema, parseAsOfQuery } from '../as-of/as-of.js';
import { shownLoadSchema } from '../load/load-board.js';
import { ServiceFinder } from './service-finder.js';
import { ServiceCensus } from './service-census.js';
import { parseServiceQuery } from './service-query.js';
import { instanceOf, registrationSchema, type Registration } from './service-schemas.js';

const oneInstance = successOf(serviceInstanceSchema);
const loadedInstance = serviceInstanceSchema.extend({
  load: shownLoadSchema.optional().describe('As it was reported last; absent for one that reports none'),
});
const manyInstances = successOf(z.array(loadedInstance));
const removed = z.object({ id: z.string() });
const nameSchema = z.string().min(1).max(200);

@ApiTags('services')
@Controller('services')
export class ServicesController {
  constructor(
    @InjectDirectory() private readonly directory: ServiceDirectory,
    @InjectClock() private readonly clock: Clock,
    private readonly census: ServiceCensus,
    @InjectRegistryConfig() private readonly config: RegistryConfig,
    private readonly finder: ServiceFinder,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Registers a service instance; a known id replaces that instance' })
  @ApiResponse({ status: 201, description: 'The instance as it is registered', standardSchema: oneInstance })
  @ApiResponse({ status: 400, description: 'Problem that names each faulty field' })
  @ApiResponse({ status: 503, description: 'As many instances as the configuration allows are registered' })
  async register(@Body({ schema: registrationSchema }) registration: Registration): Promise<Success<ServiceInstance>> {
    const instance = instanceOf(registration, this.clock.now());
    const { maxInstances } = this.config.services;
    if (this.census.size >= maxInstances && !(await this.#isKnown(instance))) {
      throw new ProblemException(503, 'Registry full', {
        detail: `at most ${maxInstances} instances`,
        retryable: true,
      });
    }
    await this.directory.register(instance);
    const { id, serviceName } = instance;
    await this.census.settled(
      id,
      (shown) => shown?.serviceName === serviceName && shown.lastUpdateTime >= instance.lastUpdateTime,
    );
    const stored = (await this.directory.getInstances(serviceName)).find((one) => one.id === id);
    return success(stored ?? instance);
  }

  @Delete(':instanceId')
  @ApiOperation({ summary: 'Takes a service instance out of the registry' })
  @ApiResponse({ status: 200, description: 'It is gone', standardSchema: successOf(removed) })
  @ApiResponse({ status: 404, description: 'Problem: there is no such instance' })
  async deregister(@Param('instanceId', { schema: nameSchema }) id: string): Promise<Success<{ id: string }>> {
    if (await this.directory.deregister(id, 'deregistered by request')) {
      await this.census.settled(id, (shown) => shown === undefined);
      return success({ id });
    }
    throw new ProblemException(404, 'Not Found', { detail: `no service instance ${id} is registered`, instanceId: id });
  }

  @Get()
  @ApiOperation({ summary: 'Finds service instances; all criteria must hold, none finds everything' })
  @ApiAsOf()
  @ApiQuery({ name: 'serviceName', required: false, type: String })
  @ApiQuery({ name: 'status', required: false, enum: SERVICE_STATUSES })
  @ApiQuery({ name: 'role', required: false, enum: ['master', 'worker', 'specialized'] })
  @ApiQuery({
    name: 'tags',
    required: false,
    type: String,
    description: 'All of them, separated by commas or repeated',
  })
  @ApiQuery({
    name: 'metadata',
    required: false,
    type: String,
    description: 'JSON object of strings, as in {"zone":"a"}; metadata.zone=a says the same',
  })
  @ApiResponse({ status: 200, description: 'The instances found', standardSchema: manyInstances })
  @ApiResponse({ status: 400, description: 'Problem that names the faulty parameter and what is allowed' })
  async find(@Query() query: Record<string, unknown>): Promise<Success<ServiceInstance[]>> {
    const { asOf, 'as-of': same, ...criteria } = query;
    const time = parseAsOfQuery({ asOf, 'as-of': same });
    return success(await this.finder.find(parseServiceQuery(criteria), time));
  }

  @Get(':serviceName')
  @ApiAsOf()
  @ApiOperation({ summary: 'All instances of one service, whatever their status; none when nobody knows it' })
  @ApiResponse({ status: 200, description: 'The instances', standardSchema: manyInstances })
  async instances(
    @Param('serviceName', { schema: nameSchema }) name: string,
    @Query({ schema: asOfQuerySchema }) { asOf }: z.infer<typeof asOfQuerySchema>,
  ): Promise<Success<ServiceInstance[]>> {
    return success(await this.finder.instancesOf(name, asOf));
  }

  async #isKnown({ id, serviceName }: ServiceInstance): Promise<boolean> {
    return (await this.directory.getInstances(serviceName)).some((instance) => instance.id === id);
  }
}

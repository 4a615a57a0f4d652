import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type * as z from 'zod';
import { success, successOf, type Success } from '../../success.js';
import { ApiAsOf, asOfQuerySchema } from '../as-of/as-of.js';
import { ClusterReader } from './cluster-reader.js';
import { clusterSchema, type Cluster } from './cluster-view.js';

@ApiTags('cluster')
@Controller('cluster')
export class ClusterController {
  constructor(private readonly reader: ClusterReader) {}

  @Get()
  @ApiAsOf()
  @ApiOperation({ summary: 'All instances: role, capacity, load, features; sums for each service; and who leads' })
  @ApiResponse({
    status: 200,
    description: 'As the directory has it now, or as the log had it',
    standardSchema: successOf(clusterSchema),
  })
  async cluster(
    @Query({ schema: asOfQuerySchema }) { asOf }: z.infer<typeof asOfQuerySchema>,
  ): Promise<Success<Cluster>> {
    return success(await this.reader.read(asOf));
  }
}

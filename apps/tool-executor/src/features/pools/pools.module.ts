import { Module } from '@nestjs/common';
import { ConnectionsModule } from '../connections/connections.module.js';
import { PoolMetrics } from './pool-metrics.js';
import { PoolsController } from './pools.controller.js';

@Module({ imports: [ConnectionsModule], controllers: [PoolsController], providers: [PoolMetrics] })
export class PoolsModule {}

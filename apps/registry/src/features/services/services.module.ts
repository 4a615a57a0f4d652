import { Module } from '@nestjs/common';
import { EntityLogModule } from '../../entity-log.module.js';
import { ServiceCensus } from './service-census.js';
import { ServiceWatchers } from './service-watchers.js';
import { ServicesController } from './services.controller.js';
import { WatchController } from './watch.controller.js';

@Module({
  imports: [EntityLogModule],
  controllers: [ServicesController, WatchController],
  providers: [ServiceCensus, ServiceWatchers],
  exports: [ServiceCensus],
})
export class ServicesModule {}

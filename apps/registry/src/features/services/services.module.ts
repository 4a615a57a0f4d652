import { Module } from '@nestjs/common';
import { EntityLogModule } from '../../entity-log.module.js';
import { AsOfModule } from '../as-of/as-of.module.js';
import { LoadModule } from '../load/load.module.js';
import { PastServices } from './past-services.js';
import { ServiceCensus } from './service-census.js';
import { ServiceFinder } from './service-finder.js';
import { ServiceWatchers } from './service-watchers.js';
import { ServicesController } from './services.controller.js';
import { WatchController } from './watch.controller.js';

@Module({
  imports: [EntityLogModule, AsOfModule, LoadModule],
  controllers: [ServicesController, WatchController],
  providers: [ServiceCensus, ServiceFinder, ServiceWatchers, PastServices],
  exports: [ServiceCensus, ServiceFinder, PastServices],
})
export class ServicesModule {}

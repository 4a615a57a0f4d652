import { Module } from '@nestjs/common';
import { EntityLogModule } from '../../entity-log.module.js';
import { AsOfModule } from '../as-of/as-of.module.js';
import { PastServers } from './past-servers.js';
import { ServerCatalogue } from './server-catalogue.js';
import { ServerRegistrar } from './server-registrar.js';
import { ServerViews } from './server-views.js';
import { ServersController } from './servers.controller.js';

@Module({
  imports: [EntityLogModule, AsOfModule],
  controllers: [ServersController],
  providers: [ServerViews, ServerCatalogue, ServerRegistrar, PastServers],
  exports: [PastServers, EntityLogModule, ServerViews, ServerCatalogue, ServerRegistrar],
})
export class ServersModule {}

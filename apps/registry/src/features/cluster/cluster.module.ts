import { Module } from '@nestjs/common';
import { EntityLogModule } from '../../entity-log.module.js';
import { AsOfModule } from '../as-of/as-of.module.js';
import { LoadModule } from '../load/load.module.js';
import { ServicesModule } from '../services/services.module.js';
import { ClusterReader } from './cluster-reader.js';
import { ClusterController } from './cluster.controller.js';
import { CommandBook } from './command-book.js';
import { CommandDispatcher } from './command-dispatcher.js';
import { CommandsController } from './commands.controller.js';
import { InstanceCommander } from './instance-commander.js';
import { Leadership } from './leadership.js';
import { LoadBands } from './load-bands.js';
import { PastCluster } from './past-cluster.js';
import { ServiceRecorder } from './service-recorder.js';

/** All instances as one: who leads, how busy each is, what the leader tells them, and what was known of them. */
@Module({
  imports: [EntityLogModule, AsOfModule, LoadModule, ServicesModule],
  controllers: [ClusterController, CommandsController],
  providers: [
    Leadership,
    CommandBook,
    CommandDispatcher,
    InstanceCommander,
    LoadBands,
    ServiceRecorder,
    PastCluster,
    ClusterReader,
  ],
  exports: [ClusterReader],
})
export class ClusterModule {}

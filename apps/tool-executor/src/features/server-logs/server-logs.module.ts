import { Module } from '@nestjs/common';
import { ConnectionsModule } from '../connections/connections.module.js';
import { ServerLogsController } from './server-logs.controller.js';

@Module({ imports: [ConnectionsModule], controllers: [ServerLogsController] })
export class ServerLogsModule {}

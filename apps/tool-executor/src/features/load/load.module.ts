import { Module } from '@nestjs/common';
import { ConnectionsModule } from '../connections/connections.module.js';
import { RunCallModule } from '../run-call/run-call.module.js';
import { ExecutorLoad } from './executor-load.js';

@Module({ imports: [ConnectionsModule, RunCallModule], providers: [ExecutorLoad] })
export class LoadModule {}

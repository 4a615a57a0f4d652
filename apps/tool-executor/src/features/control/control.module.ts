import { Module } from '@nestjs/common';
import { ConnectionsModule } from '../connections/connections.module.js';
import { RunCallModule } from '../run-call/run-call.module.js';
import { ControlConsumer } from './control-consumer.js';

@Module({ imports: [ConnectionsModule, RunCallModule], providers: [ControlConsumer] })
export class ControlModule {}

import { Module, type DynamicModule } from '@nestjs/common';
import type { ExecutorConfig } from './config.js';
import { ExecutorConfigModule } from './executor-config.module.js';
import { AuthorizeModule } from './features/authorize/authorize.module.js';
import { ConnectionsModule } from './features/connections/connections.module.js';
import { ControlModule } from './features/control/control.module.js';
import { FollowConfigModule } from './features/follow-config/follow-config.module.js';
import { LoadModule } from './features/load/load.module.js';
import { PoolsModule } from './features/pools/pools.module.js';
import { RunCallModule } from './features/run-call/run-call.module.js';
import { ServerLogsModule } from './features/server-logs/server-logs.module.js';

const FEATURES = [
  ConnectionsModule,
  AuthorizeModule,
  LoadModule,
  PoolsModule,
  RunCallModule,
  ControlModule,
  FollowConfigModule,
  ServerLogsModule,
];

@Module({})
export class ToolExecutorModule {
  static with(config: ExecutorConfig): DynamicModule {
    return { module: ToolExecutorModule, imports: [ExecutorConfigModule.with(config), ...FEATURES] };
  }
}

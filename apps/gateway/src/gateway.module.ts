import { Module, type DynamicModule } from '@nestjs/common';
import type { GatewayConfig } from './config.js';
import { McpEndpointModule } from './features/mcp-endpoint/mcp-endpoint.module.js';
import { RestFacadeModule } from './features/rest-facade/rest-facade.module.js';
import { SearchModule } from './features/search/search.module.js';
import { TasksModule } from './features/tasks/tasks.module.js';
import { AuthModule } from './features/auth/auth.module.js';
import { GatewayConfigModule } from './gateway-config.module.js';

@Module({})
export class GatewayModule {
  static with(config: GatewayConfig): DynamicModule {
    return {
      module: GatewayModule,
      imports: [
        GatewayConfigModule.with(config),
        AuthModule,
        McpEndpointModule,
        SearchModule,
        TasksModule,
        RestFacadeModule,
      ],
    };
  }
}

import { Module, type DynamicModule } from '@nestjs/common';
import type { RegistryConfig } from './config.js';
import { ClusterModule } from './features/cluster/cluster.module.js';
import { ConfigModule } from './features/config/config.module.js';
import type { DiscoveryConfig } from './features/discovery/discovery-config.js';
import { DiscoveryModule } from './features/discovery/discovery.module.js';
import { LifecycleModule } from './features/lifecycle/lifecycle.module.js';
import { McpModule } from './features/mcp/mcp.module.js';
import type { NotificationsConfig } from './features/notifications/notification-config.js';
import { NotificationsModule } from './features/notifications/notifications.module.js';
import { PeersModule } from './features/peers/peers.module.js';
import { ServersModule } from './features/servers/servers.module.js';
import { ToolSafetyModule } from './features/tool-safety/tool-safety.module.js';
import { ServicesModule } from './features/services/services.module.js';
import { RegistryConfigModule } from './registry-config.module.js';

@Module({})
export class RegistryModule {
  static with(config: RegistryConfig, discovery: DiscoveryConfig, notifications: NotificationsConfig): DynamicModule {
    return {
      module: RegistryModule,
      imports: [
        RegistryConfigModule.with(config),
        ServicesModule,
        ClusterModule,
        ServersModule,
        PeersModule,
        LifecycleModule,
        DiscoveryModule.with(discovery),
        ToolSafetyModule,
        ConfigModule,
        McpModule,
        NotificationsModule.with(notifications),
      ],
    };
  }
}

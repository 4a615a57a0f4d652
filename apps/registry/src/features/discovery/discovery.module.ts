import { Module, type DynamicModule } from '@nestjs/common';
import { LifecycleModule } from '../lifecycle/lifecycle.module.js';
import { ServersModule } from '../servers/servers.module.js';
import { DiscoveredServers } from './discovered-servers.js';
import { Discoverer } from './discoverer.js';
import type { DiscoveryConfig } from './discovery-config.js';
import { DiscoveryController } from './discovery.controller.js';
import { DISCOVERY_CONFIG } from './inject-discovery-config.js';

/** Finds MCP servers in files, DNS, Consul and ranges of ports. */
@Module({})
export class DiscoveryModule {
  static with(config: DiscoveryConfig): DynamicModule {
    return {
      module: DiscoveryModule,
      imports: [ServersModule, LifecycleModule],
      controllers: [DiscoveryController],
      providers: [{ provide: DISCOVERY_CONFIG, useValue: config }, DiscoveredServers, Discoverer],
    };
  }
}

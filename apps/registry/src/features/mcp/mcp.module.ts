import { Module } from '@nestjs/common';
import { ClusterModule } from '../cluster/cluster.module.js';
import { ServersModule } from '../servers/servers.module.js';
import { ServicesModule } from '../services/services.module.js';
import { RegistryMcp } from './registry-mcp.js';
import { RegistryResources } from './registry-resources.js';
import { RegistryTools } from './registry-tools.js';

@Module({
  imports: [ServicesModule, ServersModule, ClusterModule],
  providers: [RegistryResources, RegistryTools, RegistryMcp],
})
export class McpModule {}

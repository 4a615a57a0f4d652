import { Module } from '@nestjs/common';
import { ServersModule } from '../servers/servers.module.js';
import { ServicesModule } from '../services/services.module.js';
import { RegistryMcp } from './registry-mcp.js';
import { RegistryResources } from './registry-resources.js';

@Module({ imports: [ServicesModule, ServersModule], providers: [RegistryResources, RegistryMcp] })
export class McpModule {}

import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { RegistryConfig } from '../../config.js';
import { McpEndpoint } from '@signalbox/mcp-endpoint';
import { InjectRegistryConfig } from '../../registry-config.module.js';
import { ServerViews } from '../servers/server-views.js';
import { ServiceCensus } from '../services/service-census.js';
import { CLUSTER, INSTANCES, instancesUri, RegistryResources, SERVERS, serverUri } from './registry-resources.js';

/** The registry's own `/mcp`, and what its subscribers hear. */
@Injectable()
export class RegistryMcp implements OnModuleInit, BeforeApplicationShutdown {
  readonly endpoint: McpEndpoint;

  constructor(
    resources: RegistryResources,
    @InjectRegistryConfig() config: RegistryConfig,
    @InjectContext() { bind, logger }: ServiceContext,
    private readonly census: ServiceCensus,
    private readonly servers: ServerViews,
  ) {
    this.endpoint = new McpEndpoint(resources, config.mcp, bind, (error) => logger?.error({ err: error }, '/mcp'));
  }

  onModuleInit(): void {
    this.census.onChange(({ serviceName, namesChanged }) => {
      this.endpoint.resourceUpdated(CLUSTER);
      this.endpoint.resourceUpdated(INSTANCES);
      this.endpoint.resourceUpdated(instancesUri(serviceName));
      if (namesChanged) this.endpoint.resourceListChanged();
    });
    this.servers.onChange(({ server, namesChanged }) => {
      this.endpoint.resourceUpdated(SERVERS);
      this.endpoint.resourceUpdated(serverUri(server));
      if (namesChanged) this.endpoint.resourceListChanged();
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.endpoint.close();
  }
}

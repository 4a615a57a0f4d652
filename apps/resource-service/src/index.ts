import { followSettings, sectionChecks, startService, tracedRoute, type StartService } from '@signalbox/nest-kit';
import { resourceServiceConfigSchema, parseResourceServiceConfig } from './config.js';
import { ResourcesMcp } from './features/mcp/resources-mcp.js';
import { ResourceServiceModule } from './resource-service.module.js';

/** Versioned documents as REST and as MCP resources. */
export const start: StartService = (context) => {
  const config = parseResourceServiceConfig(context.config);
  followSettings(context.config, 'resource-service', config, () => parseResourceServiceConfig(context.config));
  return startService(context, {
    module: ResourceServiceModule.with(config),
    title: 'Signalbox resource service',
    description:
      'Versioned JSON documents: every write is an event, every version can be read, every document is an MCP resource.',
    tags: ['resources'],
    features: ['resources', 'versions', 'mcp'],
    rawRoutes: (app) => tracedRoute(context, '/mcp', app.get(ResourcesMcp).endpoint.handle),
  });
};

/** How this service validates its sections of the configuration. */
export const checks = sectionChecks({ 'resource-service': resourceServiceConfigSchema });

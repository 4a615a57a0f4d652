import { followSettings, sectionChecks, startService, tracedRoute, type StartService } from '@signalbox/nest-kit';
import { registryConfigSchema, parseRegistryConfig } from './config.js';
import { discoveryConfigSchema, parseDiscoveryConfig } from './features/discovery/discovery-config.js';
import { notificationsConfigSchema, parseNotificationsConfig } from './features/notifications/notification-config.js';
import { RegistryMcp } from './features/mcp/registry-mcp.js';
import { RegistryModule } from './registry.module.js';

/** Which services and MCP servers exist, what they offer, and whether they are well. */
export const start: StartService = (context) => {
  const config = parseRegistryConfig(context.config);
  followSettings(context.config, 'registry', config, () => parseRegistryConfig(context.config));
  return startService(context, {
    module: RegistryModule.with(config, parseDiscoveryConfig(context.config), parseNotificationsConfig(context.config)),
    title: 'Signalbox registry',
    description: 'Service instances, their health, and the upstream MCP servers with their state and tools.',
    tags: ['registry'],
    features: ['discovery', 'watch', 'mcp'],
    rawRoutes: (app) => tracedRoute(context, '/mcp', app.get(RegistryMcp).endpoint.handle),
  });
};

/** How this service validates its sections of the configuration. */
export const checks = sectionChecks({
  registry: registryConfigSchema,
  discovery: discoveryConfigSchema,
  notifications: notificationsConfigSchema,
});

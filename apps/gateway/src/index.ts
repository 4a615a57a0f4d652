import { followSettings, sectionChecks, startService, type RawRoute, type StartService } from '@signalbox/nest-kit';
import { redactionRulesSchema } from '@signalbox/runtime';
import { federationConfigSchema, gatewayConfigSchema, parseGatewayConfig } from './config.js';
import { FrontGuard } from './features/auth/front-guard.js';
import { refuseOpenBind } from './features/auth/refuse-open-bind.js';
import { McpEndpoint } from './features/mcp-endpoint/mcp-endpoint.js';
import { ResourceProxy } from './features/rest-facade/resource-proxy.js';
import { GatewayModule } from './gateway.module.js';

/** Starts the gateway. @throws Error for a wrong configuration, or an address open to others without authentication */
export const start: StartService = async (context) => {
  const config = parseGatewayConfig(context.config);
  followSettings(context.config, 'gateway', config, () => parseGatewayConfig(context.config));
  refuseOpenBind(context.bind, config);
  return startService(context, {
    module: GatewayModule.with(config),
    title: 'Signalbox gateway',
    description: 'One MCP endpoint in front of many servers (`/mcp`, `/servers/:server/mcp`), and tools as REST',
    features: ['mcp', 'tools', 'resources'],
    guard: 'own',
    rawRoutes: (app): RawRoute => {
      const guard = app.get(FrontGuard, { strict: false });
      const endpoint = app.get(McpEndpoint, { strict: false });
      const proxy = app.get(ResourceProxy, { strict: false });
      return (request, response) =>
        endpoint.handle(request, response) ||
        proxy.handle(request, response) ||
        !guard.admitToControllers(request, response);
    },
  });
};

/** How this service validates its sections of the configuration. */
export const checks = sectionChecks({
  gateway: gatewayConfigSchema,
  redaction: redactionRulesSchema,
  federation: federationConfigSchema,
});

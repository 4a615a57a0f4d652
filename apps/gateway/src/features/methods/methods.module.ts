import { Module } from '@nestjs/common';
import { ErrorCode, MethodRouter, rpcError } from '@signalbox/mcp';
import { CLOCK, SERVICE_CONTEXT, TRACER, type ServiceContext } from '@signalbox/nest-kit';
import type { Clock, Tracer } from '@signalbox/ports';
import type { Caller } from '../../caller.js';
import type { GatewayConfig } from '../../config.js';
import { GATEWAY_CONFIG } from '../../gateway-config.module.js';
import { CallToolModule } from '../call-tool/call-tool.module.js';
import { ToolCaller } from '../call-tool/tool-caller.js';
import { CatalogueModule } from '../catalogue/catalogue.module.js';
import { Catalogue } from '../catalogue/catalogue.js';
import { ServerSettings } from '../catalogue/server-settings.js';
import { FederationSettings } from '../federation/federation-settings.js';
import { guardHops } from '../federation/hop-guard.js';
import { Suite } from '../federation/suite.js';
import { ForwardModule } from '../forward/forward.module.js';
import { GatewayMiddleware } from '../middleware/gateway-middleware.js';
import { MiddlewareModule } from '../middleware/middleware.module.js';
import { UpstreamForwarder } from '../forward/upstream-forwarder.js';
import type { ForwardingOptions } from './forwarding.js';
import { routeLists } from './list-methods.js';
import { traceMethods } from './method-spans.js';
import { routePrompts } from './prompt-methods.js';
import { routeResources } from './resource-methods.js';
import { routeSession } from './session-methods.js';
import { routeTools } from './tool-methods.js';

const FORWARDING = Symbol('ForwardingOptions');

/** What MCP methods do, whatever revision of the protocol a request came by. */
@Module({
  imports: [CatalogueModule, CallToolModule, ForwardModule, MiddlewareModule],
  providers: [
    {
      provide: FORWARDING,
      inject: [UpstreamForwarder, CLOCK, SERVICE_CONTEXT, GATEWAY_CONFIG, ServerSettings],
      useFactory: (
        forwarder: UpstreamForwarder,
        clock: Clock,
        context: ServiceContext,
        { calls }: GatewayConfig,
        settings: ServerSettings,
      ) => {
        const deadlineMs = (server: string): number => settings.of(server)?.deadlineMs ?? calls.deadlineMs;
        const unexpected = (err: unknown): void => context.logger?.error({ err }, 'a request failed');
        return { forwarder, clock, deadlineMs, unexpected } satisfies ForwardingOptions;
      },
    },
    {
      provide: MethodRouter,
      inject: [Catalogue, ToolCaller, FORWARDING, GatewayMiddleware, TRACER, Suite, FederationSettings],
      useFactory: (
        catalogue: Catalogue,
        tools: ToolCaller,
        forwarding: ForwardingOptions,
        middleware: GatewayMiddleware,
        tracer: Tracer,
        suite: Suite,
        federation: FederationSettings,
      ) => {
        const router = new MethodRouter<Caller>(({ method }) => ({
          error: rpcError(ErrorCode.MethodNotFound, `Unknown method: ${method.slice(0, 200)}`),
        }));
        // before other middleware, so that its time counts too
        traceMethods(router, tracer);
        guardHops(router, suite, federation);
        routeSession(router);
        routeLists(router, catalogue);
        routeTools(router, catalogue, tools);
        routePrompts(router, catalogue, forwarding);
        routeResources(router, catalogue, forwarding);
        middleware.install(router);
        return router;
      },
    },
  ],
  exports: [MethodRouter, CatalogueModule, CallToolModule, MiddlewareModule],
})
export class MethodsModule {}

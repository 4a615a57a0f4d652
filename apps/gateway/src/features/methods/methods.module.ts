import { Module } from '@nestjs/common';
import { ErrorCode, MethodRouter, rpcError } from '@signalbox/mcp';
import { CLOCK, SERVICE_CONTEXT, type ServiceContext } from '@signalbox/nest-kit';
import type { Clock } from '@signalbox/ports';
import type { Caller } from '../../caller.js';
import type { GatewayConfig } from '../../config.js';
import { GATEWAY_CONFIG } from '../../gateway-config.module.js';
import { CallToolModule } from '../call-tool/call-tool.module.js';
import { ToolCaller } from '../call-tool/tool-caller.js';
import { CatalogueModule } from '../catalogue/catalogue.module.js';
import { Catalogue } from '../catalogue/catalogue.js';
import { ForwardModule } from '../forward/forward.module.js';
import { UpstreamForwarder } from '../forward/upstream-forwarder.js';
import type { ForwardingOptions } from './forwarding.js';
import { routeLists } from './list-methods.js';
import { routePrompts } from './prompt-methods.js';
import { routeResources } from './resource-methods.js';
import { routeSession } from './session-methods.js';
import { routeTools } from './tool-methods.js';

const FORWARDING = Symbol('ForwardingOptions');

/** What MCP methods do, whatever revision of the protocol a request came by. */
@Module({
  imports: [CatalogueModule, CallToolModule, ForwardModule],
  providers: [
    {
      provide: FORWARDING,
      inject: [UpstreamForwarder, CLOCK, SERVICE_CONTEXT, GATEWAY_CONFIG],
      useFactory: (forwarder: UpstreamForwarder, clock: Clock, context: ServiceContext, { calls }: GatewayConfig) => {
        const deadlines = new Map(context.config.servers.map(({ name, settings }) => [name, settings.deadlineMs]));
        const deadlineMs = (server: string): number => deadlines.get(server) ?? calls.deadlineMs;
        const unexpected = (err: unknown): void => context.logger?.error({ err }, 'a request failed');
        return { forwarder, clock, deadlineMs, unexpected } satisfies ForwardingOptions;
      },
    },
    {
      provide: MethodRouter,
      inject: [Catalogue, ToolCaller, FORWARDING],
      useFactory: (catalogue: Catalogue, tools: ToolCaller, forwarding: ForwardingOptions) => {
        const router = new MethodRouter<Caller>(({ method }) => ({
          error: rpcError(ErrorCode.MethodNotFound, `Unknown method: ${method.slice(0, 200)}`),
        }));
        routeSession(router);
        routeLists(router, catalogue);
        routeTools(router, catalogue, tools);
        routePrompts(router, catalogue, forwarding);
        routeResources(router, catalogue, forwarding);
        return router;
      },
    },
  ],
  exports: [MethodRouter, CatalogueModule, CallToolModule],
})
export class MethodsModule {}

import { Injectable } from '@nestjs/common';
import { MethodRouter, SUPPORTED_REVISIONS } from '@signalbox/mcp';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { Caller } from '../../caller.js';
import type { GatewayConfig } from '../../config.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import { Catalogue } from '../catalogue/catalogue.js';
import { TASKS } from '../tasks/tasks-capability.js';
import { Suite } from '../federation/suite.js';
import { describeGateway } from '../mcp-endpoint/initialize-answer.js';

/** `server/discover`: what clients of MCP 2026-07-28 find out in place of a handshake. */
@Injectable()
export class DiscoverRoutes {
  constructor(
    router: MethodRouter<Caller>,
    catalogue: Catalogue,
    suite: Suite,
    @InjectGatewayConfig() config: GatewayConfig,
    @InjectContext() { version }: ServiceContext,
  ) {
    router.route('server/discover', ({ caller }) => {
      const { capabilities, instructions } = describeGateway(catalogue, caller.scope, version, suite.known);
      const { ttlMs, cacheScope } = config.catalogue.caching;
      return {
        result: {
          supportedVersions: SUPPORTED_REVISIONS,
          capabilities: { ...capabilities, extensions: { [TASKS]: {} } },
          ...(instructions ? { instructions } : {}),
          ...{ ttlMs, cacheScope },
        },
      };
    });
  }
}

import { Module } from '@nestjs/common';
import { CLOCK } from '@signalbox/nest-kit';
import type { Clock } from '@signalbox/ports';
import type { GatewayConfig } from '../../config.js';
import { GATEWAY_CONFIG } from '../../gateway-config.module.js';
import { FederationModule } from '../federation/federation.module.js';
import { FederationSettings } from '../federation/federation-settings.js';
import { Suite } from '../federation/suite.js';
import { ForwardModule } from '../forward/forward.module.js';
import { CatalogueFollower } from './catalogue-follower.js';
import { Catalogue } from './catalogue.js';
import { LongLists } from './long-lists.js';
import { ServerSettings } from './server-settings.js';

@Module({
  imports: [FederationModule, ForwardModule],
  providers: [
    CatalogueFollower,
    LongLists,
    ServerSettings,
    {
      provide: Catalogue,
      inject: [GATEWAY_CONFIG, ServerSettings, CLOCK, Suite, FederationSettings],
      useFactory: (
        { catalogue, calls }: GatewayConfig,
        settings: ServerSettings,
        clock: Clock,
        suite: Suite,
        federation: FederationSettings,
      ) => {
        const { pageSize, unavailableAfterMs, graceMs, caching } = catalogue;
        const options = { pageSize, unavailableAfterMs, graceMs, defaultCaching: caching };
        const isBuiltIn = (server: string): boolean => federation.isBuiltIn(server);
        const sharing = () => ({ own: suite.known, config: federation.now, isBuiltIn });
        return new Catalogue(
          { ...options, defaultDeadlineMs: calls.deadlineMs, settings: (server) => settings.of(server), sharing },
          clock,
        );
      },
    },
  ],
  exports: [CatalogueFollower, Catalogue, FederationModule, ServerSettings],
})
export class CatalogueModule {}

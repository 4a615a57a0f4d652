import { Module } from '@nestjs/common';
import { CLOCK } from '@signalbox/nest-kit';
import type { Clock } from '@signalbox/ports';
import type { GatewayConfig } from '../../config.js';
import { GATEWAY_CONFIG } from '../../gateway-config.module.js';
import { ForwardModule } from '../forward/forward.module.js';
import { CatalogueFollower } from './catalogue-follower.js';
import { Catalogue } from './catalogue.js';
import { LongLists } from './long-lists.js';
import { ServerSettings } from './server-settings.js';

@Module({
  imports: [ForwardModule],
  providers: [
    CatalogueFollower,
    LongLists,
    ServerSettings,
    {
      provide: Catalogue,
      inject: [GATEWAY_CONFIG, ServerSettings, CLOCK],
      useFactory: ({ catalogue, calls }: GatewayConfig, settings: ServerSettings, clock: Clock) => {
        const { pageSize, unavailableAfterMs, graceMs, caching } = catalogue;
        const options = { pageSize, unavailableAfterMs, graceMs, defaultCaching: caching };
        return new Catalogue(
          { ...options, defaultDeadlineMs: calls.deadlineMs, settings: (server) => settings.of(server) },
          clock,
        );
      },
    },
  ],
  exports: [CatalogueFollower, Catalogue, ServerSettings],
})
export class CatalogueModule {}

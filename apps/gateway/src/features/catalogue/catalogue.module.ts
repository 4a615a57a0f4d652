import { Module } from '@nestjs/common';
import { CLOCK, CONFIG_SOURCE } from '@signalbox/nest-kit';
import type { Clock, ConfigSource } from '@signalbox/ports';
import type { GatewayConfig } from '../../config.js';
import { GATEWAY_CONFIG } from '../../gateway-config.module.js';
import { ForwardModule } from '../forward/forward.module.js';
import { CatalogueFollower } from './catalogue-follower.js';
import { Catalogue } from './catalogue.js';
import { LongLists } from './long-lists.js';

@Module({
  imports: [ForwardModule],
  providers: [
    CatalogueFollower,
    LongLists,
    {
      provide: Catalogue,
      inject: [GATEWAY_CONFIG, CONFIG_SOURCE, CLOCK],
      useFactory: ({ catalogue, calls }: GatewayConfig, source: ConfigSource, clock: Clock) => {
        const settings = new Map(source.servers.map((definition) => [definition.name, definition.settings]));
        const { pageSize, unavailableAfterMs, graceMs, caching } = catalogue;
        const options = { pageSize, unavailableAfterMs, graceMs, defaultCaching: caching };
        return new Catalogue(
          { ...options, defaultDeadlineMs: calls.deadlineMs, settings: (server) => settings.get(server) },
          clock,
        );
      },
    },
  ],
  exports: [CatalogueFollower, Catalogue],
})
export class CatalogueModule {}

import { Module } from '@nestjs/common';
import { loadMiddleware, logging, MiddlewareChains, transform, type MiddlewareHost } from '@signalbox/middleware';
import { SERVICE_CONTEXT, type ServiceContext } from '@signalbox/nest-kit';
import { Redactor } from '@signalbox/runtime';
import type { GatewayConfig } from '../../config.js';
import { GATEWAY_CONFIG } from '../../gateway-config.module.js';
import { CallToolModule } from '../call-tool/call-tool.module.js';
import { LocalAnswers } from '../call-tool/local-answers.js';
import { CatalogueFollower } from '../catalogue/catalogue-follower.js';
import { CatalogueModule } from '../catalogue/catalogue.module.js';
import { cacheFactory } from './cache/cache-middleware.js';
import { GatewayMiddleware } from './gateway-middleware.js';

/** `signalbox.middleware`, as far as it is for the gateway. */
@Module({
  imports: [CatalogueModule, CallToolModule],
  providers: [
    {
      provide: GatewayMiddleware,
      inject: [SERVICE_CONTEXT, GATEWAY_CONFIG, CatalogueFollower, LocalAnswers],
      useFactory: async (
        context: ServiceContext,
        config: GatewayConfig,
        follower: CatalogueFollower,
        answers: LocalAnswers,
      ) => {
        const layers = await loadMiddleware(config.middleware, {
          configPath: context.config.path,
          host: hostOf(context, config),
          builtIns: {
            'signalbox:transform': transform,
            'signalbox:log': logging,
            'signalbox:cache': cacheFactory(follower, answers),
          },
        });
        const chains = new MiddlewareChains(layers, ({ middleware, error }) =>
          context.logger?.error({ err: error, middleware }, 'middleware failed'),
        );
        return new GatewayMiddleware(chains);
      },
    },
  ],
  exports: [GatewayMiddleware],
})
export class MiddlewareModule {}

function hostOf({ instanceId, logger, ports }: ServiceContext, { redaction }: GatewayConfig): MiddlewareHost {
  const redactor = new Redactor(redaction);
  const write = (level: 'debug' | 'info' | 'warn' | 'error') => (fields: object, text: string) =>
    logger?.[level](fields, text);
  return {
    at: 'gateway',
    instanceId,
    log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    redact: (value) => redactor.redact(value),
    now: () => ports.clock.now(),
  };
}

import { Module } from '@nestjs/common';
import { loadMiddleware, logging, MiddlewareChains, transform } from '@signalbox/middleware';
import { SERVICE_CONTEXT, type ServiceContext } from '@signalbox/nest-kit';
import { Redactor } from '@signalbox/runtime';
import type { ExecutorConfig } from '../../config.js';
import { EXECUTOR_CONFIG } from '../../executor-config.module.js';
import { UpstreamMiddleware } from './upstream-middleware.js';

/** `signalbox.middleware`, as far as it is for the executor. */
@Module({
  providers: [
    {
      provide: UpstreamMiddleware,
      inject: [SERVICE_CONTEXT, EXECUTOR_CONFIG],
      useFactory: async ({ config, instanceId, logger, ports }: ServiceContext, own: ExecutorConfig) => {
        const redactor = new Redactor(own.redaction);
        const write = (level: 'debug' | 'info' | 'warn' | 'error') => (fields: object, text: string) =>
          logger?.[level](fields, text);
        const layers = await loadMiddleware(own.middleware, {
          configPath: config.path,
          host: {
            at: 'executor',
            instanceId,
            log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
            redact: (value) => redactor.redact(value),
            now: () => ports.clock.now(),
          },
          builtIns: { 'signalbox:transform': transform, 'signalbox:log': logging },
        });
        const chains = new MiddlewareChains(layers, ({ middleware, error }) =>
          logger?.error({ err: error, middleware }, 'middleware failed'),
        );
        return new UpstreamMiddleware(chains);
      },
    },
  ],
  exports: [UpstreamMiddleware],
})
export class MiddlewareModule {}

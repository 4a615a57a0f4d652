import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

/** Nest's own messages in the service's log; its start-up chatter is debug. */
export function nestLogger(logger: Logger): LoggerService {
  const text = (message: unknown): string => (typeof message === 'string' ? message : JSON.stringify(message));
  return {
    log: (message: unknown, context?: unknown) => logger.debug({ nest: context }, text(message)),
    error: (message: unknown, ...rest: unknown[]) => logger.error({ nest: rest }, text(message)),
    warn: (message: unknown, context?: unknown) => logger.warn({ nest: context }, text(message)),
    debug: (message: unknown, context?: unknown) => logger.trace({ nest: context }, text(message)),
    verbose: (message: unknown, context?: unknown) => logger.trace({ nest: context }, text(message)),
  };
}

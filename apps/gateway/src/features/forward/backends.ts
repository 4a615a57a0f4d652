import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { RpcError } from '@signalbox/contracts';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import { backendUnavailable } from '../../errors.js';
import type { GatewayConfig } from '../../config.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';

type Backend = 'events' | 'bus';

/**
 * Knows whether the event log and the bus answer, by asking them all the time: while one is away, requests that need it are
 * refused at once instead of each waiting for its own time-outs.
 */
@Injectable()
export class Backends implements OnModuleInit, BeforeApplicationShutdown {
  readonly #away = new Set<Backend>();
  readonly #asking = new Set<Backend>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    @InjectContext() private readonly context: ServiceContext,
    @InjectGatewayConfig() private readonly config: GatewayConfig,
  ) {}

  onModuleInit(): void {
    this.#timer = setInterval(() => {
      void this.#ask('events');
      void this.#ask('bus');
    }, this.config.backends.pingMs);
    this.#timer.unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  /** Why a request that needs the bus, and for a tool call the log, cannot be served now; undefined when it can. */
  refusal(needsLog: boolean): RpcError | undefined {
    if (this.#away.size === 0) return undefined;
    return this.#away.has('bus') || needsLog ? backendUnavailable() : undefined;
  }

  async #ask(backend: Backend): Promise<void> {
    if (this.#asking.has(backend)) return;
    this.#asking.add(backend);
    let timer: NodeJS.Timeout | undefined;
    const { pingTimeoutMs } = this.config.backends;
    const silent = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${pingTimeoutMs} ms`)), pingTimeoutMs);
    });
    try {
      await Promise.race([this.context.ports[backend].ping(), silent]);
      if (this.#away.delete(backend)) this.context.logger?.info({ backend }, 'it answers again');
    } catch (err) {
      if (!this.#away.has(backend)) this.context.logger?.warn({ err, backend }, 'it is away: requests are refused');
      this.#away.add(backend);
    } finally {
      clearTimeout(timer);
      this.#asking.delete(backend);
    }
  }
}

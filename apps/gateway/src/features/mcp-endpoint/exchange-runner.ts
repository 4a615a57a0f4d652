import { Injectable } from '@nestjs/common';
import { traceFields, type Place } from '@signalbox/contracts';
import { ErrorCode, MethodRouter, PostExchange, type Accepted, type Outcome, type RpcRequest } from '@signalbox/mcp';
import { InjectClock, InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { Clock } from '@signalbox/ports';
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Caller } from '../../caller.js';
import type { GatewayConfig } from '../../config.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import { Backends } from '../forward/backends.js';
import { isOnlyOfStateless, unknownMethod } from '../stateless/era-methods.js';
import { FORWARDED } from './forwarded-methods.js';
import type { Session } from './session.js';
import { SlowExchanges } from './slow-exchanges.js';

export interface ExchangeRequest {
  readonly message: RpcRequest;
  readonly response: ServerResponse;
  readonly accepted: Accepted;
  readonly bytes: number;
  readonly traceparent: string | undefined;
}

const INTERNAL_ERROR: Outcome = { error: { code: ErrorCode.InternalError, message: 'Internal error' } };

/** Runs requests of sessions: an answer at once when there is one, else by an exchange that may become a stream. */
@Injectable()
export class ExchangeRunner {
  readonly #slow: SlowExchanges;
  #drained: (() => void) | undefined;
  #running = 0;
  #draining = false;

  constructor(
    private readonly router: MethodRouter<Caller>,
    @InjectGatewayConfig() private readonly config: GatewayConfig,
    @InjectClock() private readonly clock: Clock,
    @InjectContext() private readonly context: ServiceContext,
    private readonly backends: Backends,
  ) {
    this.#slow = new SlowExchanges(config.streams.upgradeAfterMs, () => clock.now());
  }

  get running(): number {
    return this.#running;
  }

  run(session: Session, { message, response, accepted, bytes, traceparent }: ExchangeRequest): void {
    const { id, method, params } = message;
    const exchange = new PostExchange(id, response, session, accepted, this.clock.now());
    const refusal = FORWARDED.has(method) ? this.backends.refusal(method === 'tools/call') : undefined;
    if (refusal) return exchange.finish({ error: refusal });
    if (isOnlyOfStateless(method)) return exchange.finish({ error: unknownMethod(method) });
    let outcome: Outcome | Promise<Outcome>;
    try {
      outcome = this.router.handle({
        id,
        method,
        params,
        caller: session.caller,
        channel: exchange,
        bytes,
        traceparent,
        headers: response.req.headers,
      });
    } catch (error) {
      outcome = this.#unexpected(method, error, traceparent);
    }
    if (!(outcome instanceof Promise)) return exchange.finish(outcome);
    this.#running++;
    session.begin(exchange);
    const place = this.#slow.add(exchange);
    outcome.then(
      (result) => this.#end(session, exchange, place, result),
      (error: unknown) => this.#end(session, exchange, place, this.#unexpected(method, error, traceparent)),
    );
  }

  /** True once the gateway takes no new requests. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Resolves when nothing runs any more, or the drain time is over. */
  async drain(): Promise<void> {
    this.#draining = true;
    if (this.#running > 0) {
      const done = new AbortController();
      await Promise.race([
        new Promise<void>((resolve) => (this.#drained = resolve)),
        delay(this.config.calls.drainMs, undefined, { signal: done.signal }).catch(() => undefined),
      ]);
      done.abort();
    }
    this.#slow.stop();
  }

  #end(session: Session, exchange: PostExchange, place: Place, outcome: Outcome): void {
    this.#running--;
    this.#slow.remove(place);
    session.lastUsed = this.clock.now();
    exchange.finish(outcome);
    if (this.#running === 0) this.#drained?.();
  }

  #unexpected(method: string, error: unknown, traceparent: string | undefined): Outcome {
    this.context.logger?.error({ err: error, method, ...traceFields(traceparent) }, 'a request failed');
    return INTERNAL_ERROR;
  }
}

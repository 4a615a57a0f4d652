import { Injectable } from '@nestjs/common';
import { PassingList, traceFields, type Place } from '@signalbox/contracts';
import {
  ErrorCode,
  MethodRouter,
  StatelessTurn,
  type McpRequest,
  type Outcome,
  type Params,
  type RpcRequest,
} from '@signalbox/mcp';
import { InjectClock, InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { Clock } from '@signalbox/ports';
import type { Adoption, Caller } from '../../caller.js';
import type { GatewayConfig } from '../../config.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import { SlowExchanges } from '../mcp-endpoint/slow-exchanges.js';
import { HeldExchange } from '../parked/held-exchange.js';
import { ParkedCalls, type Return } from '../parked/parked-calls.js';
import { digestOf } from '../parked/request-state.js';
import { MAY_ASK } from './wire-answers.js';

export interface StatelessExecution {
  readonly message: RpcRequest;
  /** Without what says who the client is. */
  readonly params: Params | undefined;
  readonly caller: Caller;
  readonly turn: StatelessTurn;
  readonly bytes: number;
  readonly traceparent: string | undefined;
  readonly headers: McpRequest<Caller>['headers'];
}

const CLOSED = 'the client closed the connection';
const INTERNAL_ERROR: Outcome = { error: { code: ErrorCode.InternalError, message: 'Internal error' } };

/** Runs requests of MCP 2026-07-28, each on its own. */
@Injectable()
export class StatelessRunner {
  readonly #slow: SlowExchanges;
  readonly #running = new PassingList<HeldExchange>();
  #drained: (() => void) | undefined;
  #draining = false;

  constructor(
    private readonly router: MethodRouter<Caller>,
    private readonly parked: ParkedCalls,
    @InjectGatewayConfig() private readonly config: GatewayConfig,
    @InjectClock() private readonly clock: Clock,
    @InjectContext() private readonly context: ServiceContext,
  ) {
    // such a stream cannot be taken up again: it only keeps the connection alive, and the status stays open until then
    this.#slow = new SlowExchanges(config.streams.keepAliveMs, () => clock.now());
  }

  /** True once no new requests are taken. */
  get draining(): boolean {
    return this.#draining;
  }

  get running(): number {
    return this.#running.size;
  }

  /** Requests whose clients were asked something and are to come back. */
  get parkedNow(): number {
    return this.parked.size;
  }

  /** @param answers what the client has brought for a request that goes on here */
  run(
    { message, params, caller, turn, bytes, traceparent, headers }: StatelessExecution,
    answers?: Readonly<Record<string, unknown>>,
  ): void {
    const { id, method } = message;
    const { principal, capabilities = {}, logLevel } = caller.client;
    const { maxQuestions } = this.config.sessions;
    const mayAsk = MAY_ASK.has(method);
    const binding = () => ({ principal, digest: digestOf(method, params, caller.scope) });
    const exchange = this.parked.open(
      turn,
      { capabilities, logLevel, maxQuestions, answers },
      mayAsk ? binding : undefined,
    );
    let outcome: Outcome | Promise<Outcome>;
    try {
      outcome = this.router.handle({ id, method, params, caller, channel: exchange, bytes, traceparent, headers });
    } catch (error) {
      outcome = this.#unexpected(method, error, traceparent);
    }
    if (!(outcome instanceof Promise)) return exchange.finish(outcome);
    const place = this.#running.add(exchange);
    this.#wait(turn, (reason) => exchange.cancel(reason));
    outcome.then(
      (result) => this.#end(exchange, place, result),
      (error: unknown) => this.#end(exchange, place, this.#unexpected(method, error, traceparent)),
    );
  }

  /** The client is back with what it was asked for. @param execution the request that it has come back with */
  resume(back: Return, execution: StatelessExecution): void {
    const { turn, caller } = execution;
    const goOn = (adopts: Adoption): void => {
      if (!turn.done) this.run({ ...execution, caller: { ...caller, adopts } }, back.inputResponses);
    };
    const cancel = this.parked.resume(back, turn, goOn);
    this.#wait(turn, cancel);
  }

  /** Resolves when nothing runs any more that a client waits for, or the drain time is over. */
  async drain(): Promise<void> {
    this.#draining = true;
    const left = new Set(this.parked.stop());
    if (left.size > 0) this.#running.removeIf((exchange) => left.has(exchange));
    if (this.#running.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.config.calls.drainMs);
        this.#drained = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#slow.stop();
  }

  /** Closing the connection takes the request back (MCP 2026-07-28, cancellation). */
  #wait(turn: StatelessTurn, cancel: (reason: string) => void): void {
    if (turn.done) return;
    const place = this.#slow.add(turn);
    turn.onDone((answered) => {
      this.#slow.remove(place);
      if (!answered) cancel(CLOSED);
    });
  }

  #end(exchange: HeldExchange, place: Place, outcome: Outcome): void {
    this.#running.remove(place);
    exchange.finish(outcome);
    this.parked.ended(exchange);
    if (this.#running.size === 0) this.#drained?.();
  }

  #unexpected(method: string, error: unknown, traceparent: string | undefined): Outcome {
    this.context.logger?.error({ err: error, method, ...traceFields(traceparent) }, 'a request failed');
    return INTERNAL_ERROR;
  }
}

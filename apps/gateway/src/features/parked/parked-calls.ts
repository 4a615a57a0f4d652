import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import {
  newId,
  parkedQueue,
  type ParkedMessage,
  type ResumeParked,
  type ResumePart,
  type ResumeReply,
  type RpcError,
} from '@signalbox/contracts';
import type { Outcome } from '@signalbox/mcp';
import { InjectBus, InjectClock, InjectConfig, InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import {
  NoConsumerError,
  RequestTimeoutError,
  type Clock,
  type ConfigSource,
  type Consumer,
  type Delivery,
  type MessageBus,
} from '@signalbox/ports';
import type { GatewayConfig } from '../../config.js';
import { rpcErrorOf } from '../../errors.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import { HeldExchange, notifyTurn, type HeldExchangeOptions, type Turn } from './held-exchange.js';
import { ParkedExchanges, refusal } from './parked-exchanges.js';
import { readState, type StateBinding } from './request-state.js';

/** A client that is back with answers. */
export interface Return {
  readonly state: string;
  readonly binding: StateBinding;
  readonly inputResponses: Readonly<Record<string, unknown>>;
}

/** Holds requests whose clients are to answer something, and finds them again: here, or at the gateway that holds them. */
@Injectable()
export class ParkedCalls implements OnModuleInit, BeforeApplicationShutdown {
  readonly #parked: ParkedExchanges;
  /** Turns of clients that wait at other gateways, by their id. */
  readonly #visitors = new Map<string, HeldExchange>();
  readonly #longestMs: number;
  #consumer: Consumer | undefined;

  constructor(
    @InjectBus() private readonly bus: MessageBus,
    @InjectGatewayConfig() private readonly config: GatewayConfig,
    @InjectClock() private readonly clock: Clock,
    @InjectContext() private readonly context: ServiceContext,
    @InjectConfig() { servers }: ConfigSource,
  ) {
    const { parkedMs: holdMs, maxParked: max, maxParkedPerPrincipal: maxPerPrincipal } = config.stateless;
    const gateway = context.instanceId;
    this.#parked = new ParkedExchanges({ gateway, max, maxPerPrincipal, holdMs, now: () => clock.now() });
    this.#longestMs = Math.max(config.calls.deadlineMs, ...servers.map(({ settings }) => settings.deadlineMs));
  }

  get size(): number {
    return this.#parked.size;
  }

  async onModuleInit(): Promise<void> {
    const queue = {
      name: parkedQueue(this.context.instanceId),
      exclusive: true,
      prefetch: this.config.stateless.maxParked,
    };
    this.#consumer = await this.bus.consume(queue, (delivery) => this.#take(delivery));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop();
    await this.#consumer?.cancel();
  }

  /** Takes back what waits for clients that are away: this process will not be there when they come. */
  stop(): void {
    this.#parked.stop();
  }

  /** @param binding of the request, computed only when it is parked; absent for requests that may not be */
  open(turn: Turn, options: Omit<HeldExchangeOptions, 'park'>, binding?: () => StateBinding): HeldExchange {
    const park = binding && ((exchange: HeldExchange) => this.#parked.park(exchange, binding()));
    return new HeldExchange(turn, { ...options, park });
  }

  /** To be called when a request of {@link open} has its outcome. */
  ended(exchange: HeldExchange): void {
    this.#parked.ended(exchange);
  }

  /** Goes on with what a client has come back to. The turn gets the outcome, or why there is none. @returns how to take it back */
  resume(back: Return, turn: Turn): (reason: string) => void {
    const content = readState(back.state);
    if (content && content.gateway !== this.context.instanceId) return this.#resumeThere(content.gateway, back, turn);
    const resumed = this.#parked.resume(back.state, back.binding, back.inputResponses, turn);
    if (resumed instanceof HeldExchange) return (reason) => resumed.cancel(reason);
    turn.finish({ error: resumed });
    return () => undefined;
  }

  #resumeThere(gateway: string, { state, binding, inputResponses }: Return, turn: Turn): (reason: string) => void {
    const turnId = newId();
    const queue = parkedQueue(gateway);
    const body: ResumeParked = { kind: 'resume', turnId, state, inputResponses, ...binding };
    const deadline = this.clock.now() + this.#longestMs;
    const onPart = (part: unknown): void => {
      const { method, params } = part as ResumePart;
      notifyTurn(turn, method, params);
    };
    this.bus.request(queue, { id: turnId, type: 'resume', body, expiresAt: deadline }, { deadline, onPart }).then(
      (reply) => turn.finish(reply as ResumeReply),
      (error: unknown) => turn.finish({ error: this.#errorOf(error) }),
    );
    return () => {
      const abandon: ParkedMessage = { kind: 'abandon', turnId };
      // if it cannot be said, the deadline of the request ends it
      this.bus.send(queue, { id: newId(), type: 'abandon', body: abandon }).catch(() => undefined);
    };
  }

  #errorOf(error: unknown): RpcError {
    if (error instanceof NoConsumerError) return refusal('the gateway that held the request is gone; start again');
    if (error instanceof RequestTimeoutError) return refusal('the gateway that held the request does not answer');
    return rpcErrorOf(error, 'signalbox', (err) => this.context.logger?.error({ err }, 'a parked request'));
  }

  /** A client has come back at another gateway. */
  #take(delivery: Delivery): Promise<'ack'> | 'ack' {
    const message = delivery.body as ParkedMessage;
    if (message.kind === 'abandon') {
      this.#visitors.get(message.turnId)?.cancel('the client closed the connection');
      return 'ack';
    }
    return new Promise((resolve) => {
      const { turnId, state, principal, digest, inputResponses } = message;
      const leave = (reply: Outcome): void => {
        this.#visitors.delete(turnId);
        delivery.reply(reply);
        resolve('ack');
      };
      const turn: Turn = {
        // the gateway where the client is knows its token
        progressToken: turnId,
        notify: (method, params) => delivery.part({ method, ...(params ? { params } : {}) } satisfies ResumePart),
        finish: leave,
      };
      const resumed = this.#parked.resume(state, { principal, digest }, inputResponses, turn);
      if (!(resumed instanceof HeldExchange)) return leave({ error: resumed });
      if (!resumed.done) this.#visitors.set(turnId, resumed);
    });
  }
}

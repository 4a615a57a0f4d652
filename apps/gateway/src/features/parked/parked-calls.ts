import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import {
  executorInbox,
  newId,
  parkedQueue,
  type ParkedMessage,
  type ParkedRequest,
  type ResumeParked,
  type ResumePart,
  type ResumeReply,
  type ResumeTaken,
  type RpcError,
} from '@signalbox/contracts';
import { finalOutcome } from '@signalbox/domain/call';
import type { Outcome } from '@signalbox/mcp';
import { InjectBus, InjectConfig, InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import {
  NoConsumerError,
  RequestTimeoutError,
  type Clock,
  type ConfigSource,
  type Consumer,
  type Delivery,
  type MessageBus,
} from '@signalbox/ports';
import type { Adoption } from '../../caller.js';
import type { GatewayConfig } from '../../config.js';
import { rpcErrorOf } from '../../errors.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import { RecordedCalls } from '../resume/recorded-calls.js';
import { HeldExchange, notifyTurn, type HeldExchangeOptions, type Turn } from './held-exchange.js';
import { ParkedExchanges, refusal } from './parked-exchanges.js';
import { readState, type StateBinding, type StateContent } from './request-state.js';

/** A gateway that is there says so at once; this is for a slow network and a busy machine. */
const TAKEN_WITHIN_MS = 3_000;

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
  readonly #clock: Clock;
  #consumer: Consumer | undefined;

  constructor(
    @InjectBus() private readonly bus: MessageBus,
    @InjectGatewayConfig() private readonly config: GatewayConfig,
    @InjectContext() private readonly context: ServiceContext,
    @InjectConfig() { servers }: ConfigSource,
    private readonly recorded: RecordedCalls,
  ) {
    this.#clock = context.ports.clock;
    const { parkedMs: holdMs, maxParked: max, maxParkedPerPrincipal: maxPerPrincipal } = config.stateless;
    const gateway = context.instanceId;
    const onParked = (executor: string, parked: Omit<ParkedRequest, 'kind'>): void => {
      const body: ParkedRequest = { kind: 'parked', ...parked };
      // what cannot be said is missed only should this gateway die
      this.bus.send(executorInbox(executor), { id: newId(), type: 'parked', body }).catch(() => undefined);
    };
    const now = (): number => this.#clock.now();
    this.#parked = new ParkedExchanges({ gateway, max, maxPerPrincipal, holdMs, now, onParked });
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

  /** Lets go of what waits for clients that are away: this process will not be there when they come. @returns what runs on without it */
  stop(): HeldExchange[] {
    return this.#parked.stop();
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

  /**
   * Goes on with what a client has come back to. The turn gets the outcome, or why there is none.
   * @param goOn takes over a request whose gateway is gone
   * @returns how to take it back
   */
  resume(back: Return, turn: Turn, goOn: (adopts: Adoption) => void): (reason: string) => void {
    const content = readState(back.state);
    if (content && content.gateway !== this.context.instanceId) return this.#resumeThere(content, back, turn, goOn);
    const resumed = this.#parked.resume(back.state, back.binding, back.inputResponses, turn);
    if (resumed instanceof HeldExchange) return (reason) => resumed.cancel(reason);
    // one of this name that was here before
    if (content && this.#parked.isForeign(content)) void this.#goOn(content, back, turn, goOn);
    else turn.finish({ error: resumed });
    return () => undefined;
  }

  #resumeThere(
    content: StateContent,
    back: Return,
    turn: Turn,
    goOn: (adopts: Adoption) => void,
  ): (reason: string) => void {
    const { state, binding, inputResponses } = back;
    const turnId = newId();
    const queue = parkedQueue(content.gateway);
    const body: ResumeParked = { kind: 'resume', turnId, state, inputResponses, ...binding };
    const deadline = this.#clock.now() + this.#longestMs;
    // a broker may not know yet that the gateway is gone: then a message to it waits for nobody
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(new NoConsumerError(queue)), TAKEN_WITHIN_MS);
    const onPart = (part: unknown): void => {
      clearTimeout(timer);
      if ('taken' in (part as ResumeTaken | ResumePart)) return;
      const { method, params } = part as ResumePart;
      notifyTurn(turn, method, params);
    };
    const message = { id: turnId, type: 'resume', body, expiresAt: deadline };
    this.bus
      .request(queue, message, { deadline, onPart, signal: silence.signal })
      .then(
        (reply) => turn.finish(reply as ResumeReply),
        (error: unknown) => {
          const isGone = error instanceof NoConsumerError || silence.signal.aborted;
          if (isGone) return this.#goOn(content, back, turn, goOn);
          turn.finish({ error: this.#errorOf(error) });
        },
      )
      .finally(() => clearTimeout(timer));
    return () => {
      const abandon: ParkedMessage = { kind: 'abandon', turnId };
      // if it cannot be said, the deadline of the request ends it
      this.bus.send(queue, { id: newId(), type: 'abandon', body: abandon }).catch(() => undefined);
    };
  }

  /** The gateway that held the request is gone: the request has come to its end meanwhile, or goes on here. */
  async #goOn(
    { at, expires }: StateContent,
    { state, binding }: Return,
    turn: Turn,
    goOn: (adopts: Adoption) => void,
  ): Promise<void> {
    try {
      if (expires < this.#clock.now()) return turn.finish({ error: refusal('it has expired; start again') });
      if (!at) return turn.finish({ error: refusal('the gateway that held the request is gone; start again') });
      const ended = await this.#recordedEnd(at.requestId, binding.principal);
      if (ended) turn.finish(ended);
      else goOn({ ...at, state, digest: binding.digest });
    } catch (error) {
      turn.finish({ error: this.#errorOf(error) });
    }
  }

  /** What came of a tool call, if the log has that by now. @throws StoreUnavailableError */
  async #recordedEnd(callId: string, principal: string): Promise<Outcome | undefined> {
    const { answer } = await this.recorded.read(callId);
    if (answer.requested?.data.principal !== principal) return undefined;
    const outcome = finalOutcome(answer, this.#clock.now(), this.config.streams.lostCallMs);
    return outcome && this.recorded.answerOf(outcome);
  }

  #errorOf(error: unknown): RpcError {
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
    delivery.part({ taken: true } satisfies ResumeTaken);
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

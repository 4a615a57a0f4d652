import { executorOf, type ParkedRequest, type RpcError } from '@signalbox/contracts';
import { ErrorCode, rpcError } from '@signalbox/mcp';
import { randomBytes } from 'node:crypto';
import { GatewayCode } from '../../errors.js';
import { PrincipalSlots } from '../../principal-slots.js';
import type { HeldExchange, Turn } from './held-exchange.js';
import { hashOfState, readState, StateSigner, type StateBinding, type StateContent } from './request-state.js';

export interface ParkedOptions {
  /** This gateway's instance. */
  readonly gateway: string;
  /** Exchanges that are held at a time. */
  readonly max: number;
  /** Of one principal. */
  readonly maxPerPrincipal: number;
  /** Milliseconds that a client has to come back. */
  readonly holdMs: number;
  readonly now: () => number;
  /** Hears of each state that was given out, with where the request runs. */
  readonly onParked?: (executor: string, parked: Omit<ParkedRequest, 'kind'>) => void;
}

interface Parked {
  readonly id: string;
  readonly exchange: HeldExchange;
  readonly binding: StateBinding;
  round: number;
  /** Runs while the client is away. */
  timer: NodeJS.Timeout | undefined;
  /** Gives its place back. */
  leave(): void;
}

const STOPPING = 'The gateway is shutting down';
const GONE = 'start again without requestState';

/** The exchanges of this gateway whose clients are to come back with answers. */
export class ParkedExchanges {
  readonly #parked = new Map<string, Parked>();
  readonly #ofExchange = new WeakMap<HeldExchange, Parked>();
  readonly #signer = new StateSigner();
  readonly #process = `${randomBytes(6).toString('base64url')}.`;
  readonly #slots: PrincipalSlots;
  #stopped = false;

  constructor(private readonly options: ParkedOptions) {
    this.#slots = new PrincipalSlots(options);
  }

  get size(): number {
    return this.#parked.size;
  }

  /** @returns the state that leads back to the exchange, good for one answer; or why it cannot be held */
  park(exchange: HeldExchange, binding: StateBinding): string | RpcError {
    const { gateway, holdMs, now } = this.options;
    if (this.#stopped) return rpcError(GatewayCode.ShuttingDown, STOPPING, { retryable: true });
    const known = this.#ofExchange.get(exchange);
    const leave = known?.leave ?? this.#slots.take(binding.principal);
    if (!leave) {
      const { max, maxPerPrincipal } = this.options;
      const message = `As many requests wait for answers of their clients as may: ${max}, and ${maxPerPrincipal} of one principal`;
      return rpcError(GatewayCode.Overloaded, message, { retryable: true });
    }
    const parked = known ?? {
      id: this.#process + randomBytes(12).toString('base64url'),
      exchange,
      binding,
      round: 0,
      timer: undefined,
      leave,
    };
    this.#ofExchange.set(exchange, parked);
    this.#parked.set(parked.id, parked);
    parked.round++;
    clearTimeout(parked.timer);
    parked.timer = setTimeout(() => {
      this.#forget(parked);
      exchange.cancel(`the client did not come back with its answers within ${holdMs} ms`);
    }, holdMs);
    parked.timer.unref();
    return this.#giveOut(parked, { gateway, id: parked.id, round: parked.round, expires: now() + holdMs });
  }

  #giveOut({ exchange, binding }: Parked, content: StateContent): string {
    const places = [...exchange.places()];
    const { inbox, requestId } = places[0]?.[1] ?? {};
    const executor = inbox === undefined ? undefined : executorOf(inbox);
    if (executor === undefined || requestId === undefined) return this.#signer.sign(content, binding);
    const state = this.#signer.sign({ ...content, at: { executor, requestId } }, binding);
    const keys = Object.fromEntries(places.map(([key, { id }]) => [id, key]));
    const { expires } = content;
    this.options.onParked?.(executor, { requestId, stateHash: hashOfState(state), ...binding, expires, keys });
    return state;
  }

  /** Goes on with the exchange that a state leads to. @returns why not */
  resume(
    state: string,
    binding: StateBinding,
    inputResponses: Readonly<Record<string, unknown>>,
    turn: Turn,
  ): HeldExchange | RpcError {
    const content = readState(state);
    if (!content || !this.#signer.verifies(state, binding)) return refusal('it was not given out for this request');
    if (content.expires < this.options.now()) return refusal(`it has expired; ${GONE}`);
    const parked = this.#parked.get(content.id);
    if (!parked) return refusal(`what it led to is over; ${GONE}`);
    if (parked.round !== content.round || parked.timer === undefined) return refusal('it has been used already');
    clearTimeout(parked.timer);
    parked.timer = undefined;
    const { exchange } = parked;
    exchange.resume(turn, inputResponses);
    // unless it asked again at once, which parked it anew
    if (exchange.done) this.#forget(parked);
    return exchange;
  }

  /** Whether a state is not of this process: perhaps of one that had this gateway's name before. */
  isForeign({ id }: StateContent): boolean {
    return !id.startsWith(this.#process);
  }

  /** To be called when an exchange has ended: one whose client is away is kept until it comes for the outcome. */
  ended(exchange: HeldExchange): void {
    const parked = this.#ofExchange.get(exchange);
    if (parked && parked.timer === undefined) this.#forget(parked);
  }

  /**
   * Holds nothing any more: what can be had at another gateway runs on, the rest is taken back.
   * @returns what runs on
   */
  stop(): HeldExchange[] {
    this.#stopped = true;
    const left: HeldExchange[] = [];
    for (const parked of this.#parked.values()) {
      if (parked.timer === undefined) continue;
      clearTimeout(parked.timer);
      this.#forget(parked);
      if (parked.exchange.leave()) left.push(parked.exchange);
      else parked.exchange.cancel(STOPPING);
    }
    return left;
  }

  #forget({ id, leave }: Parked): void {
    if (this.#parked.delete(id)) leave();
  }
}

/** Why a request state is not taken. */
export function refusal(why: string): RpcError {
  return rpcError(ErrorCode.InvalidParams, `"requestState" is not valid: ${why}`);
}

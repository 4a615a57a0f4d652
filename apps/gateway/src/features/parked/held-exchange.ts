import type { RpcError } from '@signalbox/contracts';
import {
  ErrorCode,
  rpcError,
  type ClientChannel,
  type Outcome,
  type QuestionPlace,
  type RpcOutcome,
  capabilityFor,
  refusalOf,
} from '@signalbox/mcp';
import { isAnswerTo } from './input-response.js';

/** One HTTP request that waits for what comes of an exchange, wherever its connection is. */
export interface Turn {
  /** The token under which this request wants to hear of progress; without one it wants none. */
  readonly progressToken: string | number | undefined;
  notify(method: string, params: object | undefined): void;
  finish(outcome: Outcome): void;
}

export interface HeldExchangeOptions {
  readonly capabilities: Readonly<Record<string, unknown>>;
  /** Least severe log messages that the client asked for; it gets none when it did not ask. */
  readonly logLevel: string | undefined;
  /** Questions of the server that may wait for an answer at a time. */
  readonly maxQuestions: number;
  /** Keeps the exchange until its client comes back. @returns the state that the client is to bring, or why it cannot be kept */
  /** What the client has brought, by the keys of questions that another gateway had asked. */
  readonly answers?: Readonly<Record<string, unknown>> | undefined;
  readonly park: ((exchange: HeldExchange) => string | RpcError) | undefined;
}

interface Question {
  readonly method: string;
  readonly params: object | undefined;
  readonly place: QuestionPlace | undefined;
  readonly answer: (outcome: RpcOutcome) => void;
}

/** What a server asks within this time goes to the client together. */
const GATHER_MS = 5;
/**
 * A question that the client cannot be asked is refused after those that came with it went out: a server that fails for
 * the refusal would otherwise take its other questions along, or not, as the timing is.
 */
const REFUSE_MS = 4 * GATHER_MS;
/** What is of sessions, or goes to `subscriptions/listen` in this era. */
const NOT_RELAYED = new Set([
  'notifications/cancelled',
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
]);
const OVER: { readonly error: RpcError } = {
  error: rpcError(ErrorCode.InvalidRequest, 'The request that this belonged to is over'),
};

/**
 * A request of a client of MCP 2026-07-28 while it runs. When the server, which may be of the older era, asks the client
 * something, the request goes on running, and its HTTP request is answered with `input_required`; the client comes back
 * with another one that has the answers (MCP 2026-07-28, multi round-trip requests).
 */
export class HeldExchange implements ClientChannel {
  readonly #questions = new Map<string, Question>();
  #turn: Turn | undefined;
  #outcome: Outcome | undefined;
  #cancelled: { readonly reason: string } | undefined;
  #onCancelled: ((reason: string | undefined) => void) | undefined;
  #asking: NodeJS.Timeout | undefined;
  #asked = 0;
  /** Capabilities that a question was refused for. */
  #lacking: object | undefined;

  constructor(
    turn: Turn,
    private readonly options: HeldExchangeOptions,
  ) {
    this.#turn = turn;
  }

  get done(): boolean {
    return this.#outcome !== undefined || this.#cancelled !== undefined;
  }

  notify(method: string, params: object | undefined): void {
    const turn = this.#turn;
    if (!turn || this.done || NOT_RELAYED.has(method)) return;
    if (method === 'notifications/message' && this.options.logLevel === undefined) return;
    notifyTurn(turn, method, params);
  }

  ask(method: string, params: object | undefined, place?: QuestionPlace): Promise<RpcOutcome> {
    const known = place?.key === undefined ? undefined : this.options.answers?.[place.key];
    if (known !== undefined && isAnswerTo(method, known)) return Promise.resolve({ result: known });
    const refusal = this.#refusal(method, params);
    if (refusal) return this.#refuseSoon({ error: refusal });
    return new Promise((resolve) => {
      this.#questions.set(`input-${++this.#asked}`, { method, params, place, answer: resolve });
      this.#askSoon();
    });
  }

  /** Where answers to what the client is asked go to, by their keys. */
  places(): ReadonlyMap<string, QuestionPlace> {
    const places = new Map<string, QuestionPlace>();
    for (const [key, { place }] of this.#questions) if (place) places.set(key, place);
    return places;
  }

  onCancelled(listener: (reason: string | undefined) => void): void {
    if (this.#cancelled) listener(this.#cancelled.reason);
    else this.#onCancelled = listener;
  }

  /** The request came to its end: whoever waits is answered, now or when the client comes back. */
  finish(outcome: Outcome): void {
    if (this.done) return;
    this.#outcome = this.#lacking ? withLacking(outcome, this.#lacking) : outcome;
    this.#dropQuestions();
    this.#turn?.finish(this.#outcome);
    this.#turn = undefined;
  }

  /** Takes the request back. Whoever still waits hears of it. */
  cancel(reason: string): void {
    if (this.done) return;
    this.#cancelled = { reason };
    this.#dropQuestions();
    this.#turn?.finish({ error: rpcError(ErrorCode.ConnectionClosed, `cancelled: ${reason}`) });
    this.#turn = undefined;
    this.#onCancelled?.(reason);
  }

  /**
   * Goes away from here; the request runs on, for the gateway to which its client comes back.
   * @returns false when nobody could find it there
   */
  leave(): boolean {
    if (this.done || this.#turn || this.places().size === 0) return false;
    this.#cancelled = { reason: 'it goes on at another gateway' };
    clearTimeout(this.#asking);
    this.#questions.clear();
    return true;
  }

  /** The client is back with answers; what it leaves open is asked again. */
  resume(turn: Turn, inputResponses: Readonly<Record<string, unknown>>): void {
    if (this.#outcome) return turn.finish(this.#outcome);
    this.#turn = turn;
    for (const [key, { method, answer }] of [...this.#questions]) {
      const response = Object.hasOwn(inputResponses, key) ? inputResponses[key] : undefined;
      if (!isAnswerTo(method, response)) continue;
      this.#questions.delete(key);
      answer({ result: response });
    }
    if (this.#questions.size > 0) this.#ask();
  }

  #refusal(method: string, params: object | undefined): RpcError | undefined {
    if (this.done) return OVER.error;
    const { capabilities, park, maxQuestions } = this.options;
    if (!park) return rpcError(ErrorCode.MethodNotFound, 'The client cannot be asked during a request of this kind');
    const refusal = refusalOf(method, params, capabilities);
    if (refusal) {
      const needed = capabilityFor(method, params);
      if (needed !== undefined) this.#lacking = { ...this.#lacking, ...asCapabilities(needed) };
      return refusal;
    }
    return this.#questions.size < maxQuestions
      ? undefined
      : rpcError(ErrorCode.InternalError, 'The client has too many questions to answer');
  }

  #refuseSoon(outcome: RpcOutcome): Promise<RpcOutcome> {
    if (this.done || !this.options.park) return Promise.resolve(outcome);
    return new Promise((resolve) => setTimeout(resolve, REFUSE_MS, outcome));
  }

  #askSoon(): void {
    if (!this.#turn) return;
    this.#asking ??= setTimeout(() => this.#ask(), GATHER_MS);
  }

  #ask(): void {
    clearTimeout(this.#asking);
    this.#asking = undefined;
    const turn = this.#turn;
    if (!turn || this.done || this.#questions.size === 0) return;
    const state = this.options.park!(this);
    if (typeof state !== 'string') return this.#dropQuestions({ error: state });
    this.#turn = undefined;
    const inputRequests: Record<string, object> = {};
    for (const [key, { method, params }] of this.#questions) {
      inputRequests[key] = params === undefined ? { method } : { method, params };
    }
    turn.finish({ result: { resultType: 'input_required', inputRequests, requestState: state } });
  }

  #dropQuestions(outcome: RpcOutcome = OVER): void {
    clearTimeout(this.#asking);
    this.#asking = undefined;
    for (const { answer } of this.#questions.values()) answer(outcome);
    this.#questions.clear();
  }
}

/** Each HTTP request of a client has a progress token of its own, or none. */
export function notifyTurn(turn: Turn, method: string, params: object | undefined): void {
  if (method !== 'notifications/progress') return turn.notify(method, params);
  const { progressToken } = turn;
  if (progressToken !== undefined) turn.notify(method, { ...params, progressToken });
}

/** `elicitation.url` as a client declares it. */
function asCapabilities(path: string): object {
  return path.split('.').reduceRight<object>((inner, key) => ({ [key]: inner }), {});
}

/** What failed although, or because, the client could not be asked is told as what it lacks. */
function withLacking(outcome: Outcome, requiredCapabilities: object): Outcome {
  if ('resultText' in outcome) return outcome;
  const failure =
    'error' in outcome
      ? outcome.error.message
      : (outcome.result as { isError?: unknown } | null)?.isError === true
        ? 'the tool failed'
        : undefined;
  if (failure === undefined) return outcome;
  const names = Object.keys(requiredCapabilities).join(', ');
  const message = `The client does not declare what this needs: ${names} (${failure.slice(0, 500)})`;
  const { data } = 'error' in outcome ? outcome.error : {};
  const more = typeof data === 'object' && data !== null && !Array.isArray(data) ? data : {};
  return { error: rpcError(ErrorCode.MissingCapability, message, { ...more, requiredCapabilities }) };
}

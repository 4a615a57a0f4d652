import { PassingMap, type ClientContext, type RpcError } from '@signalbox/contracts';
import {
  ErrorCode,
  EventStream,
  notificationText,
  requestText,
  rpcError,
  type EventBuffer,
  type ExchangeHost,
  type PostExchange,
  type RequestId,
  type RpcOutcome,
  refusalOf,
} from '@signalbox/mcp';
import type { Caller, CallerSession } from '../../caller.js';
import { generalKey, originOf, readEventId, requestKey, type Seen, type StreamOrigin } from '../resume/event-id.js';

export interface SessionLimits {
  readonly maxSubscriptions: number;
  readonly maxQuestions: number;
  readonly maxQueuedBytes: number;
  readonly retryMs: number;
}

export interface SessionIdentity {
  /** Names the session in the log and towards executors; not a secret. */
  readonly id: string;
  /** Value of `Mcp-Session-Id`: whoever has it and is the same principal may use the session. Never logged. */
  readonly wireId: string;
  readonly scope: string | undefined;
  readonly client: ClientContext;
  /** When this gateway got it, in milliseconds since the epoch. */
  readonly openedAt: number;
  /** Partition of the gateway that opened it, where its stream is. */
  readonly home: string;
  /** Tells this gateway's streams and questions from those of others that had or have the session: digits; empty where it was opened. */
  readonly copy: string;
}

interface Question {
  readonly exchange: PostExchange | undefined;
  readonly answer: (outcome: RpcOutcome) => void;
}

/** Where an event id points to. */
export interface StreamPlace {
  readonly kind: 'general' | 'request';
  /** Absent when it was never here, or is no longer kept. */
  readonly stream: EventStream | undefined;
  readonly seq: number;
  readonly origin: StreamOrigin | undefined;
  readonly seen: Seen;
  /** False when another gateway sent the event, or this one before it was started again. */
  readonly isOurs: boolean;
}

const NOTHING_KEPT: EventBuffer = {
  append: () => undefined,
  after: () => Promise.resolve(undefined),
  clear: () => undefined,
};
const ENDED_STREAMS_KEPT = 64;
const NONE: readonly RequestId[] = [];
/** A client that has not come for its general stream by then gets nothing on it that was sent before. */
const GENERAL_GRACE_MS = 30_000;

/** One client's session (MCP 2025-11-25 and older): its streams, its running requests, what it is asked, and what it subscribed to. */
export class Session implements ExchangeHost, CallerSession {
  readonly id: string;
  readonly wireId: string;
  readonly principal: string;
  readonly scope: string | undefined;
  readonly home: string;
  readonly subscriptions = new Map<string, string>();
  /** What requests are not about: list changes, updates, messages outside of any request. */
  readonly general: EventStream;
  caller: Caller;
  lastUsed: number;
  /** When it was last compared with the log. */
  checkedAt: number;
  /** When the log last heard that it is in use. */
  notedAt: number;
  /** Hears of changes that other gateways must know to go on with the session. */
  onLogLevel: ((level: string) => void) | undefined;
  readonly #exchanges = new PassingMap<RequestId, PostExchange>();
  readonly #questions = new Map<string, Question>();
  /** Name of a question that belongs to no request → the id under which the client knows it. */
  readonly #askedOnGeneral = new Map<string, string>();
  readonly #streams = new Map<string, EventStream>();
  #generalOpened = false;
  #closed = false;
  #nextStream = 1;
  #nextQuestion = 1;

  constructor(
    private readonly identity: SessionIdentity,
    private readonly buffer: EventBuffer,
    private readonly limits: SessionLimits,
    private readonly attached: Set<EventStream>,
  ) {
    const { id, wireId, scope, client, openedAt, home, copy } = identity;
    this.id = id;
    this.wireId = wireId;
    this.principal = client.principal;
    this.scope = scope;
    this.home = home;
    this.lastUsed = this.checkedAt = this.notedAt = openedAt;
    this.caller = { via: 'mcp', client, scope, session: this };
    this.general = this.#register(this.#newStream(generalKey(copy), this.buffer));
  }

  get busy(): boolean {
    return this.#exchanges.size > 0 || this.general.connected;
  }

  begin(exchange: PostExchange): void {
    this.#exchanges.set(exchange.id, exchange);
  }

  running(id: RequestId): PostExchange | undefined {
    return this.#exchanges.get(id);
  }

  exchangeDone(exchange: PostExchange): readonly RequestId[] {
    // a client may use an id again too early: the newer request keeps it
    if (this.#exchanges.get(exchange.id) === exchange) this.#exchanges.delete(exchange.id);
    if (this.#questions.size === 0) return NONE;
    const unanswered: string[] = [];
    for (const [id, question] of this.#questions) {
      if (question.exchange !== exchange) continue;
      this.#questions.delete(id);
      unanswered.push(id);
      question.answer({ error: rpcError(ErrorCode.InvalidRequest, 'The request that this belonged to is over') });
    }
    return unanswered;
  }

  openStream(exchange: PostExchange): EventStream {
    const origin = originOf(exchange.id, exchange.recorded, this.caller.client.gateway);
    const stream = this.#register(this.#newStream(this.#requestKey(origin), this.buffer));
    if (this.#streams.size > ENDED_STREAMS_KEPT) this.#forgetOldestEnded();
    return stream;
  }

  passingStream(origin: StreamOrigin, mark: string | undefined): EventStream {
    return this.#newStream(this.#requestKey(origin), NOTHING_KEPT, mark);
  }

  get alive(): boolean {
    return !this.#closed;
  }

  /** The stream that an event id belongs to; without `stream` when this gateway does not have it. */
  locate(eventId: string): StreamPlace | undefined {
    const place = readEventId(eventId);
    if (!place) return undefined;
    const { key, kind, copy, seq, origin, seen } = place;
    const stream = copy === this.identity.copy ? this.#streams.get(key) : undefined;
    return { kind, stream, seq, origin, seen, isOurs: copy === this.identity.copy };
  }

  noteGeneralOpened(): void {
    this.#generalOpened = true;
  }

  /** Sends a notification that belongs to no request. */
  push(method: string, params: object | undefined, now: number): void {
    if (!this.#generalOpened && now - this.identity.openedAt > GENERAL_GRACE_MS) return;
    this.general.send(notificationText(method, params));
  }

  /**
   * Asks the client something that belongs to no request of its own.
   * @param name under which it can be taken back
   */
  askOnGeneral(
    method: string,
    params: object | undefined,
    { timeoutMs, name }: { readonly timeoutMs: number; readonly name: string },
  ): Promise<RpcOutcome> {
    return new Promise((resolve) => {
      if (!this.general.connected) {
        return resolve({ error: rpcError(ErrorCode.MethodNotFound, 'The client has no stream open') });
      }
      const asked = this.#registerQuestion(method, params, undefined, (outcome) => {
        clearTimeout(timer);
        this.#askedOnGeneral.delete(name);
        resolve(outcome);
      });
      if ('error' in asked) return resolve({ error: asked.error });
      const timer = setTimeout(() => this.withdraw(name, 'The client did not answer in time'), timeoutMs);
      timer.unref();
      this.#askedOnGeneral.set(name, asked.id);
      this.general.send(requestText(asked.id, method, params));
    });
  }

  /** Takes back what was asked on the general stream: the client need not answer it any more. */
  withdraw(name: string, reason: string | undefined): void {
    const requestId = this.#askedOnGeneral.get(name);
    if (requestId === undefined) return;
    this.general.send(notificationText('notifications/cancelled', { requestId, ...(reason ? { reason } : {}) }));
    this.answer(requestId, { error: rpcError(ErrorCode.RequestTimeout, reason ?? 'The question was taken back') });
  }

  ask(
    method: string,
    params: object | undefined,
    exchange: PostExchange,
    answer: (outcome: RpcOutcome) => void,
  ): { readonly id: RequestId } | { readonly error: RpcError } {
    return this.#registerQuestion(method, params, exchange, answer);
  }

  /** Takes the client's answer to a question. False when there is no such question. */
  answer(id: RequestId, outcome: RpcOutcome): boolean {
    const question = this.#questions.get(String(id));
    if (!question) return false;
    this.#questions.delete(String(id));
    question.answer(outcome);
    return true;
  }

  /** Whether a question with this id would be one of ours. */
  asks(questionId: string): boolean {
    return questionId.startsWith(this.#questionPrefix);
  }

  setLogLevel(logLevel: string): void {
    if (this.caller.client.logLevel === logLevel) return;
    this.caller = { ...this.caller, client: { ...this.caller.client, logLevel } };
    this.onLogLevel?.(logLevel);
  }

  subscribe(uri: string, server: string): boolean {
    if (this.subscriptions.size >= this.limits.maxSubscriptions && !this.subscriptions.has(uri)) return false;
    this.subscriptions.set(uri, server);
    return true;
  }

  unsubscribe(uri: string): void {
    this.subscriptions.delete(uri);
  }

  /**
   * Ends everything. Running requests are taken back.
   * @param goesOn the session does, at another gateway: what can be had there is left running
   */
  close(reason: string, goesOn = false): void {
    this.#closed = true;
    for (const exchange of this.#exchanges.values()) if (!goesOn || !exchange.leave()) exchange.cancel(reason);
    for (const { answer } of this.#questions.values()) {
      answer({ error: rpcError(ErrorCode.ConnectionClosed, `The session is closed: ${reason}`) });
    }
    this.#questions.clear();
    for (const stream of this.#streams.values()) stream.end();
    this.#streams.clear();
    this.buffer.clear();
  }

  #registerQuestion(
    method: string,
    params: object | undefined,
    exchange: PostExchange | undefined,
    answer: (outcome: RpcOutcome) => void,
  ): { readonly id: string } | { readonly error: RpcError } {
    const refusal = refusalOf(method, params, this.caller.client.capabilities ?? {});
    if (refusal) return { error: refusal };
    if (this.#questions.size >= this.limits.maxQuestions) {
      return { error: rpcError(ErrorCode.InternalError, 'The client has too many questions to answer') };
    }
    const id = `${this.#questionPrefix}${this.#nextQuestion++}`;
    this.#questions.set(id, { exchange, answer });
    return { id };
  }

  get #questionPrefix(): string {
    const { copy } = this.identity;
    return copy === '' ? 'sb-' : `sb${copy}-`;
  }

  #requestKey(origin: StreamOrigin): string {
    return requestKey(this.identity.copy, this.#nextStream++, origin);
  }

  #newStream(key: string, buffer: EventBuffer, mark?: string): EventStream {
    const { maxQueuedBytes, retryMs } = this.limits;
    // clients of older revisions do not know events without data
    const primed = this.identity.client.protocolVersion === '2025-11-25';
    const primingRetryMs = primed ? retryMs : undefined;
    return new EventStream(key, { buffer, maxQueuedBytes, attached: this.attached, primingRetryMs, mark });
  }

  #register(stream: EventStream): EventStream {
    this.#streams.set(stream.key, stream);
    return stream;
  }

  #forgetOldestEnded(): void {
    for (const [key, stream] of this.#streams) {
      if (!stream.ended) continue;
      this.#streams.delete(key);
      return;
    }
  }
}

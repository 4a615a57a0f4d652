import type { Place } from '@signalbox/contracts';
import { UpstreamClosedError, UpstreamProtocolError } from '../errors.js';
import { forgetDeadline, watchDeadline, type Expiring } from '../deadlines.js';
import { LISTEN, type PendingRequest } from '../pending.js';
import { readAnswer, readMessage } from './answer.js';
import { Exchange, type ExchangeEvents } from './exchange.js';
import type { HttpLink } from './link.js';

/** How long a stream may stay open after the answer to its request. */
const LINGER_MS = 5_000;
/** Attempts in a row to take up a stream that bring nothing. */
const MAX_RESUMPTIONS_IN_VAIN = 5;

/**
 * One request over HTTP, from POST to answer. When its stream ends before the answer came, it is taken up again with
 * `Last-Event-ID` after the time that the server named, as often as the server ends it (2025-11-25, SEP-1699).
 */
export class Call implements ExchangeEvents, Expiring {
  deadline = 0;
  #exchange: Exchange;
  #lastEventId: string | undefined;
  #retryMs: number | undefined;
  #inVain = 0;
  #timer: NodeJS.Timeout | undefined;
  #lingering: Place | undefined;

  constructor(
    private readonly upstream: HttpLink,
    private readonly pending: PendingRequest,
  ) {
    this.#exchange = new Exchange(this, upstream.limits.maxAnswerBytes);
  }

  start(body: string, headers: Readonly<Record<string, string>> | undefined): void {
    // a stream without end would keep others from a socket
    this.upstream.dispatch(this.#exchange, { body, headers, side: this.pending.method === LISTEN });
  }

  abort(): void {
    clearTimeout(this.#timer);
    this.#exchange.abort();
  }

  expire(): void {
    this.abort();
  }

  onStart(status: number, headers: Record<string, string | string[] | undefined>): void {
    if (this.pending.method !== 'initialize' || status !== 200) return;
    const sessionId = headers['mcp-session-id'];
    if (typeof sessionId === 'string' && this.upstream.sessionId === undefined) this.upstream.adoptSession(sessionId);
  }

  onEvent(data: string): void {
    this.#inVain = 0;
    const message = readMessage(data);
    if (message instanceof Error) return this.upstream.warn(message.message);
    this.upstream.deliver(message, this.pending);
    if (!this.pending.done) return;
    this.deadline = Date.now() + LINGER_MS;
    this.#lingering ??= watchDeadline(this);
  }

  onBody(status: number, text: string): void {
    const answer = readAnswer(status, text, this.upstream.sessionId !== undefined);
    if (answer instanceof Error) {
      // before the others: this one was refused, while theirs may have run
      this.pending.fail(answer);
      if (answer instanceof UpstreamClosedError) this.upstream.expire();
      return;
    }
    if ('error' in answer && answer.id !== this.pending.id) return this.pending.settle({ error: answer.error });
    this.upstream.deliver(answer, this.pending);
    if (this.pending.done) return;
    this.pending.fail(
      new UpstreamProtocolError('the server answered with something else than the answer to the request'),
    );
  }

  onEnd(exchange: Exchange, error: Error | undefined): void {
    if (this.#lingering) forgetDeadline(this.#lingering);
    if (this.pending.done) return;
    if (error instanceof UpstreamProtocolError) return this.pending.fail(error);
    this.#lastEventId = exchange.lastEventId ?? this.#lastEventId;
    this.#retryMs = exchange.retryMs ?? this.#retryMs;
    const resumable = this.#lastEventId !== undefined && ++this.#inVain <= MAX_RESUMPTIONS_IN_VAIN;
    if (resumable && this.upstream.isResumable && !this.upstream.isClosed) return this.#resumeLater();
    const what = error ? describe(error) : 'the server ended its answer before the response';
    this.pending.fail(new UpstreamClosedError(what, exchange.sent || this.#lastEventId !== undefined));
  }

  #resumeLater(): void {
    this.#timer = setTimeout(() => {
      if (this.pending.done) return;
      this.#exchange = new Exchange(this, this.upstream.limits.maxAnswerBytes);
      this.upstream.dispatch(this.#exchange, { method: 'GET', lastEventId: this.#lastEventId, side: true });
    }, this.#retryMs ?? this.upstream.limits.streamRetryMs);
  }
}

function describe(error: Error & { code?: string }): string {
  return error.message !== '' ? error.message : (error.code ?? error.name);
}

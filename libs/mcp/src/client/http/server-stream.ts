import { readMessage } from './answer.js';
import { Exchange, type ExchangeEvents } from './exchange.js';
import type { HttpLink } from './link.js';

const MAX_RETRY_MS = 30_000;

/**
 * The GET stream on which a server says what belongs to no request. A server need not have one (405); one that breaks off
 * is taken up again where it was left.
 */
export class ServerStream implements ExchangeEvents {
  #exchange: Exchange | undefined;
  #lastEventId: string | undefined;
  #retryMs: number | undefined;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(private readonly upstream: HttpLink) {}

  open(): void {
    if (this.#closed) return;
    this.#exchange = new Exchange(this, this.upstream.limits.maxAnswerBytes);
    this.upstream.dispatch(this.#exchange, { method: 'GET', lastEventId: this.#lastEventId, side: true });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#exchange?.abort();
  }

  onStart(status: number): void {
    if (status === 200) this.#failures = 0;
  }

  onEvent(data: string): void {
    const message = readMessage(data);
    if (message instanceof Error) this.upstream.warn(message.message);
    else this.upstream.deliver(message);
  }

  onBody(status: number): void {
    if (status === 404 && this.upstream.sessionId !== undefined) this.upstream.expire();
    // 4xx: it has none, and asking again would not change that
    else if (status >= 400 && status < 500) this.close();
  }

  onEnd(exchange: Exchange): void {
    if (this.#closed) return;
    this.#lastEventId = exchange.lastEventId ?? this.#lastEventId;
    this.#retryMs = exchange.retryMs ?? this.#retryMs;
    const base = this.#retryMs ?? this.upstream.limits.streamRetryMs;
    const wait = Math.min(base * 2 ** this.#failures++, Math.max(base, MAX_RETRY_MS));
    this.#timer = setTimeout(() => this.open(), wait);
    this.#timer.unref();
  }
}

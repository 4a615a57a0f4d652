import type { HttpTarget } from '@signalbox/contracts';
import type { InitializeResult } from '../../initialize.js';
import { failureText, notificationText, successText, type RequestId, type RpcOutcome } from '../../jsonrpc.js';
import { DeadlineError, UpstreamClosedError, UpstreamProtocolError } from '../errors.js';
import { shakeHands } from '../handshake.js';
import { readAnswer, readMessage } from '../http/answer.js';
import { HttpEndpoint } from '../http/endpoint.js';
import { Exchange, type ExchangeEvents } from '../http/exchange.js';
import { RequestTable, type PendingRequest } from '../pending.js';
import {
  DEFAULT_UPSTREAM_LIMITS,
  type ConnectOptions,
  type UpstreamConnection,
  type UpstreamLimits,
  type UpstreamRequestOptions,
} from '../upstream.js';

/**
 * A server of HTTP with SSE, the transport of 2024-11-05: one stream brings everything from the server, and everything to it
 * is posted to the address that the stream names first. The end of the stream is the end of the session.
 */
export class SseUpstream implements UpstreamConnection, ExchangeEvents {
  readonly dialect = { era: 'legacy', transport: 'sse' } as const;
  initialize!: InitializeResult;
  readonly closed: Promise<{ reason: string }>;
  readonly #limits: UpstreamLimits;
  readonly #endpoint: HttpEndpoint;
  readonly #requests: RequestTable;
  readonly #stream: Exchange;
  readonly #located = Promise.withResolvers<void>();
  #postTo: string | undefined;
  #resolveClosed!: (end: { reason: string }) => void;
  #ending: Promise<void> | undefined;
  #reason: string | undefined;

  private constructor(
    target: HttpTarget,
    private readonly options: ConnectOptions,
  ) {
    this.#limits = { ...DEFAULT_UPSTREAM_LIMITS, ...options.limits };
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    this.#requests = new RequestTable({
      onMessage: (message) => this.options.onMessage?.(message),
      tellCancelled: (pending, reason) => this.#tellCancelled(pending, reason),
    });
    this.#endpoint = new HttpEndpoint(target, this.#limits.maxSockets, options.authorizer);
    this.#stream = new Exchange(this, this.#limits.maxAnswerBytes);
  }

  /** @throws UpstreamClosedError, UpstreamProtocolError or DeadlineError; no connection is left then */
  static async connect(target: HttpTarget, options: ConnectOptions, deadline: number): Promise<SseUpstream> {
    const upstream = new SseUpstream(target, options);
    try {
      await upstream.#locate(deadline);
      await shakeHands(upstream, options, deadline, (result) => (upstream.initialize = result));
      return upstream;
    } catch (error) {
      await upstream.close(`start-up failed: ${(error as Error).message}`);
      throw error;
    }
  }

  get inFlight(): number {
    return this.#requests.size;
  }

  request(method: string, params: object | undefined, options: UpstreamRequestOptions): Promise<RpcOutcome> {
    if (this.#reason !== undefined) return Promise.reject(new UpstreamClosedError(this.#reason, false));
    const { pending, text } = this.#requests.open(method, params, options);
    this.#post(text, options.headers).catch((error: Error) => pending.fail(error));
    return pending.promise;
  }

  cancel(options: UpstreamRequestOptions, reason?: string): boolean {
    return this.#requests.cancel(options, reason);
  }

  respond(id: RequestId, outcome: RpcOutcome): void {
    if (!this.#requests.closeReverse(id)) return;
    const text = 'error' in outcome ? failureText(id, outcome.error) : successText(id, outcome.result);
    this.#post(text).catch((error: Error) => this.#warn(`did not take an answer: ${error.message}`));
  }

  notify(method: string, params?: object): Promise<void> {
    if (this.#reason !== undefined) return Promise.reject(new UpstreamClosedError(this.#reason, false));
    return this.#post(notificationText(method, params));
  }

  async ping(timeoutMs: number): Promise<void> {
    const outcome = await this.request('ping', undefined, { deadline: Date.now() + timeoutMs });
    if ('error' in outcome) throw new UpstreamProtocolError(`ping was refused: ${outcome.error.message}`);
  }

  close(reason = 'closed'): Promise<void> {
    return (this.#ending ??= this.#end(reason));
  }

  onEvent(data: string, type: string | undefined): void {
    if (type === 'endpoint') return this.#locatedAt(data);
    const message = readMessage(data);
    if (message instanceof Error) this.#warn(message.message);
    else this.#requests.deliver(message);
  }

  onBody(status: number, text: string): void {
    const answer = readAnswer(status, text, false);
    this.#located.reject(
      answer instanceof Error ? answer : new UpstreamProtocolError('the server answered with no event stream', status),
    );
  }

  onEnd(exchange: Exchange, error: Error | undefined): void {
    const reason = error ? error.message : 'the server ended the event stream';
    this.#located.reject(error instanceof UpstreamProtocolError ? error : new UpstreamClosedError(reason, false));
    void this.close(reason);
  }

  async #locate(deadline: number): Promise<void> {
    this.#endpoint.dispatch(this.#stream, { method: 'GET', side: true });
    const late = () => this.#located.reject(new DeadlineError('the server named no address to post to in time'));
    const timer = setTimeout(late, Math.max(0, deadline - Date.now()));
    await this.#located.promise.finally(() => clearTimeout(timer));
  }

  #locatedAt(address: string): void {
    const { url } = this.#endpoint;
    const posted = URL.canParse(address, url.href) ? new URL(address, url) : undefined;
    // our headers, secrets among them, go there too
    if (posted?.origin === url.origin) this.#postTo = posted.pathname + posted.search;
    else
      this.#located.reject(
        new UpstreamProtocolError(`the server wants messages at ${address.slice(0, 200)}, elsewhere`),
      );
    this.#located.resolve();
  }

  #post(body: string, headers?: Readonly<Record<string, string>>): Promise<void> {
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(
        {
          onEvent: () => undefined,
          onBody: (status, text) => {
            if (status < 300) return;
            const answer = readAnswer(status, text, false);
            const message = `HTTP ${status}: ${text.slice(0, 200)}`;
            reject(answer instanceof Error ? answer : new UpstreamProtocolError(message, status));
          },
          onEnd: (ended, error) => {
            if (error instanceof UpstreamProtocolError) reject(error);
            else if (error) reject(new UpstreamClosedError(error.message, ended.sent));
            else resolve();
          },
        },
        this.#limits.maxAnswerBytes,
      );
      this.#endpoint.dispatch(exchange, { path: this.#postTo, body, headers });
    });
  }

  #tellCancelled(pending: PendingRequest, reason: string): void {
    if (this.#reason !== undefined || pending.method === 'initialize') return;
    const params = { requestId: pending.id, reason };
    this.#post(notificationText('notifications/cancelled', params)).catch(() => undefined);
  }

  #warn(text: string): void {
    if (this.#reason === undefined) this.options.onWarning?.(text);
  }

  async #end(reason: string): Promise<void> {
    this.#reason ??= reason;
    this.#stream.abort();
    this.#requests.failAll(new UpstreamClosedError(this.#reason, true));
    await this.#endpoint.release();
    this.#resolveClosed({ reason: this.#reason });
  }
}

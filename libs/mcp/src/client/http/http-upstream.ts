import type { HttpTarget } from '@signalbox/contracts';
import type { InitializeResult } from '../../initialize.js';
import {
  failureText,
  notificationText,
  successText,
  type RequestId,
  type RpcMessage,
  type RpcOutcome,
} from '../../jsonrpc.js';
import { UpstreamClosedError, UpstreamProtocolError } from '../errors.js';
import { shakeHands } from '../handshake.js';
import { RequestTable, type PendingRequest } from '../pending.js';
import {
  DEFAULT_UPSTREAM_LIMITS,
  type ConnectOptions,
  type UpstreamConnection,
  type UpstreamLimits,
  type UpstreamRequestOptions,
} from '../upstream.js';
import { readAnswer, SESSION_EXPIRED } from './answer.js';
import { Exchange } from './exchange.js';
import { Call } from './call.js';
import { ServerStream } from './server-stream.js';
import type { DispatchOptions, HttpLink } from './link.js';
import { HttpSockets } from './sockets.js';

/** A server of Streamable HTTP: 2025-11-25, and the older revisions with sessions. */
export class HttpUpstream implements UpstreamConnection, HttpLink {
  initialize!: InitializeResult;
  sessionId: string | undefined;
  readonly closed: Promise<{ reason: string }>;
  readonly limits: UpstreamLimits;
  readonly #requests: RequestTable;
  readonly #sockets: HttpSockets;
  readonly #path: string;
  readonly #stream: ServerStream;
  #headers: string[];
  #resolveClosed!: (end: { reason: string }) => void;
  #ending: Promise<void> | undefined;
  #reason: string | undefined;

  private constructor(
    target: HttpTarget,
    private readonly options: ConnectOptions,
  ) {
    const url = new URL(target.url);
    this.limits = { ...DEFAULT_UPSTREAM_LIMITS, ...options.limits };
    this.#path = url.pathname + url.search;
    this.#headers = ['content-type', 'application/json', 'accept', 'application/json, text/event-stream'];
    if (url.username !== '') this.#headers.push('authorization', basicAuthorization(url));
    for (const [name, value] of Object.entries(target.headers)) this.#headers.push(name.toLowerCase(), value);
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    this.#requests = new RequestTable({
      onMessage: (message) => this.options.onMessage?.(message),
      tellCancelled: (pending, reason) => this.#tellCancelled(pending, reason),
    });
    this.#sockets = HttpSockets.of(url, this.limits.maxSockets);
    this.#stream = new ServerStream(this);
  }

  /** @throws UpstreamClosedError (`sent` false when the connection was refused), UpstreamProtocolError or DeadlineError */
  static async connect(target: HttpTarget, options: ConnectOptions): Promise<HttpUpstream> {
    const upstream = new HttpUpstream(target, options);
    try {
      const deadline = Date.now() + (options.connectTimeoutMs ?? 15_000);
      await shakeHands(upstream, options, deadline, (result) => upstream.#accept(result));
      upstream.#stream.open();
      return upstream;
    } catch (error) {
      await upstream.close(`start-up failed: ${(error as Error).message}`);
      throw error;
    }
  }

  get inFlight(): number {
    return this.#requests.size;
  }

  get isClosed(): boolean {
    return this.#reason !== undefined;
  }

  request(method: string, params: object | undefined, options: UpstreamRequestOptions): Promise<RpcOutcome> {
    if (this.#reason !== undefined) return Promise.reject(new UpstreamClosedError(this.#reason, false));
    const { pending, text } = this.#requests.open(method, params, options);
    const call = new Call(this, pending);
    pending.carrier = call;
    call.start(text, options.headers);
    return pending.promise;
  }

  cancel(options: UpstreamRequestOptions, reason?: string): boolean {
    return this.#requests.cancel(options, reason);
  }

  respond(id: RequestId, outcome: RpcOutcome): void {
    if (!this.#requests.closeReverse(id)) return;
    const text = 'error' in outcome ? failureText(id, outcome.error) : successText(id, outcome.result);
    this.#post(text).catch((error: Error) => this.warn(`did not take an answer: ${error.message}`));
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

  dispatch(exchange: Exchange, options: DispatchOptions): void {
    const { method = 'POST', body, headers, lastEventId, side = false } = options;
    let all = this.#headers;
    if (headers || lastEventId !== undefined) {
      all = all.slice();
      for (const name in headers) all.push(name, headers[name]!);
      if (lastEventId !== undefined) all.push('last-event-id', lastEventId);
    }
    const pool = side ? this.#sockets.streams : this.#sockets.requests;
    try {
      pool.dispatch({ path: this.#path, method, headers: all, body: body ?? null }, exchange);
    } catch (error) {
      exchange.onResponseError(null, error as Error);
    }
  }

  adoptSession(id: string): void {
    this.sessionId = id;
    this.#headers.push('mcp-session-id', id);
  }

  deliver(message: RpcMessage, from?: PendingRequest): void {
    this.#requests.deliver(message, from);
  }

  warn(text: string): void {
    if (this.#reason === undefined) this.options.onWarning?.(text);
  }

  expire(): void {
    this.sessionId = undefined;
    void this.close(SESSION_EXPIRED);
  }

  #accept(result: InitializeResult): void {
    this.initialize = result;
    this.#headers.push('mcp-protocol-version', result.protocolVersion);
  }

  /** Sends what has no answer. */
  #post(body: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(
        {
          onEvent: () => undefined,
          onBody: (status, text) => {
            if (status < 300) return;
            const answer = readAnswer(status, text, this.sessionId !== undefined);
            if (answer instanceof UpstreamClosedError) this.expire();
            reject(
              answer instanceof Error
                ? answer
                : new UpstreamProtocolError(`HTTP ${status}: ${text.slice(0, 200)}`, status),
            );
          },
          onEnd: (ended, error) => (error ? reject(new UpstreamClosedError(error.message, ended.sent)) : resolve()),
        },
        this.limits.maxAnswerBytes,
      );
      this.dispatch(exchange, { body, side: true });
    });
  }

  #tellCancelled(pending: PendingRequest, reason: string): void {
    const abort = () => pending.carrier?.abort();
    if (this.#reason !== undefined || pending.method === 'initialize') return abort();
    const params = { requestId: pending.id, reason };
    // the stream goes last: closing it is no cancellation, but a server may never close it itself
    void this.#post(notificationText('notifications/cancelled', params)).then(abort, abort);
  }

  async #end(reason: string): Promise<void> {
    this.#reason ??= reason;
    this.#stream.close();
    this.#requests.failAll(new UpstreamClosedError(this.#reason, true));
    if (this.sessionId !== undefined) await this.#delete();
    await this.#sockets.release();
    this.#resolveClosed({ reason: this.#reason });
  }

  #delete(): Promise<void> {
    return new Promise((resolve) => {
      const exchange = new Exchange(
        { onEvent: () => undefined, onBody: () => undefined, onEnd: () => (clearTimeout(timer), resolve()) },
        this.limits.maxAnswerBytes,
      );
      const timer = setTimeout(() => (exchange.abort(), resolve()), this.limits.closeGraceMs);
      this.dispatch(exchange, { method: 'DELETE', side: true });
    });
  }
}

function basicAuthorization(url: URL): string {
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

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
import { LATEST_STATELESS_REVISION } from '../modern/envelope.js';
import type { ModernWire } from '../modern/wire.js';
import { RequestTable, type PendingRequest } from '../pending.js';
import {
  DEFAULT_UPSTREAM_LIMITS,
  type ConnectOptions,
  type Dialect,
  type Era,
  type Inbound,
  type UpstreamConnection,
  type UpstreamLimits,
  type UpstreamRequestOptions,
} from '../upstream.js';
import { readAnswer, SESSION_EXPIRED } from './answer.js';
import { Exchange } from './exchange.js';
import { Call } from './call.js';
import { ServerStream } from './server-stream.js';
import type { DispatchOptions, HttpLink } from './link.js';
import { HttpEndpoint } from './endpoint.js';
import { requestHeaders } from './request-headers.js';

/** A server of Streamable HTTP: with a session (up to 2025-11-25), or as the wire of a {@link ModernUpstream}. */
export class HttpUpstream implements UpstreamConnection, ModernWire, HttpLink {
  readonly dialect: Dialect;
  initialize!: InitializeResult;
  sessionId: string | undefined;
  readonly closed: Promise<{ reason: string }>;
  readonly limits: UpstreamLimits;
  onInbound: ((message: Inbound) => void) | undefined;
  readonly #requests: RequestTable;
  readonly #endpoint: HttpEndpoint;
  readonly #stream: ServerStream;
  #resolveClosed!: (end: { reason: string }) => void;
  #ending: Promise<void> | undefined;
  #reason: string | undefined;

  private constructor(
    target: HttpTarget,
    private readonly options: ConnectOptions,
    era: Era,
  ) {
    this.dialect = { era, transport: 'http' };
    this.limits = { ...DEFAULT_UPSTREAM_LIMITS, ...options.limits };
    this.onInbound = options.onMessage?.bind(options);
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    this.#requests = new RequestTable({
      onMessage: (message) => this.onInbound?.(message),
      tellCancelled: (pending, reason) => this.#tellCancelled(pending, reason),
    });
    this.#endpoint = new HttpEndpoint(target, this.limits.maxSockets, options.authorizer);
    if (era === 'modern') this.#endpoint.always('mcp-protocol-version', LATEST_STATELESS_REVISION);
    this.#stream = new ServerStream(this);
  }

  /** The way to a modern server; nothing is sent yet. */
  static wire(target: HttpTarget, options: ConnectOptions): HttpUpstream {
    return new HttpUpstream(target, options, 'modern');
  }

  /**
   * Opens a session.
   * @throws UpstreamClosedError (`sent` false when the connection was refused), UpstreamProtocolError or DeadlineError
   */
  static async connect(target: HttpTarget, options: ConnectOptions, deadline: number): Promise<HttpUpstream> {
    const upstream = new HttpUpstream(target, options, 'legacy');
    try {
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
    const headers = this.isResumable ? options.headers : requestHeaders(method, params, options.headers);
    call.start(text, headers);
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

  get isResumable(): boolean {
    return this.dialect.era === 'legacy';
  }

  dispatch(exchange: Exchange, options: DispatchOptions): void {
    this.#endpoint.dispatch(exchange, options);
  }

  adoptSession(id: string): void {
    this.sessionId = id;
    this.#endpoint.always('mcp-session-id', id);
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
    this.#endpoint.always('mcp-protocol-version', result.protocolVersion);
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
    // to a modern server the end of the stream says it
    const isSilent = !this.isResumable || pending.method === 'initialize';
    if (this.#reason !== undefined || isSilent) return abort();
    const params = { requestId: pending.id, reason };
    // the stream goes last: closing it is no cancellation, but a server may never close it itself
    void this.#post(notificationText('notifications/cancelled', params)).then(abort, abort);
  }

  async #end(reason: string): Promise<void> {
    this.#reason ??= reason;
    this.#stream.close();
    this.#requests.failAll(new UpstreamClosedError(this.#reason, true));
    if (this.sessionId !== undefined) await this.#delete();
    await this.#endpoint.release();
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

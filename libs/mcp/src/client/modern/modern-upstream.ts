import type { InitializeResult } from '../../initialize.js';
import { ErrorCode, type RequestId, type RpcOutcome } from '../../jsonrpc.js';
import { metaOf, MetaKey } from '../../request-meta.js';
import { UpstreamProtocolError } from '../errors.js';
import type { ConnectOptions, Dialect, Inbound, UpstreamConnection, UpstreamRequestOptions } from '../upstream.js';
import { LATEST_STATELESS_REVISION, withEnvelope } from './envelope.js';
import { ListenStream } from './listen-stream.js';
import type { ModernWire } from './wire.js';

const DONE: RpcOutcome = { result: {} };

/** A server of 2026-07-28. Every request says for whom it is; what used to belong to a session is done here. */
export class ModernUpstream implements UpstreamConnection {
  readonly dialect: Dialect;
  readonly closed: Promise<{ reason: string }>;
  readonly ending?: Promise<void>;
  readonly #listen: ListenStream;

  constructor(
    private readonly wire: ModernWire,
    private readonly options: ConnectOptions,
    readonly initialize: InitializeResult,
  ) {
    this.dialect = wire.dialect;
    this.closed = wire.closed;
    if (wire.ending) this.ending = wire.ending;
    wire.onInbound = (message) => this.#receive(message);
    this.#listen = new ListenStream(wire, {
      self: options,
      onMissed: (message) => options.onMessage?.(message),
      onWarning: (text) => options.onWarning?.(text),
    });
    void wire.closed.then(() => this.#listen.close());
  }

  /** Asks the server to report changes of those lists that it says may change. */
  listenToLists(): void {
    this.#listen.lists(this.initialize.capabilities);
  }

  get pid(): number | undefined {
    return this.wire.pid;
  }

  get inFlight(): number {
    return this.wire.inFlight - this.#listen.size;
  }

  request(method: string, params: object | undefined, options: UpstreamRequestOptions): Promise<RpcOutcome> {
    switch (method) {
      case 'ping':
        return this.#send('server/discover', undefined, options).then(emptied);
      case 'logging/setLevel':
        // the level goes with each request
        return Promise.resolve(DONE);
      case 'resources/subscribe':
        return this.#listen.subscribe(uriOf(params));
      case 'resources/unsubscribe':
        return this.#listen.unsubscribe(uriOf(params));
      default:
        return this.#send(method, params, options);
    }
  }

  cancel(options: UpstreamRequestOptions, reason?: string): boolean {
    return this.wire.cancel(options, reason);
  }

  respond(id: RequestId, outcome: RpcOutcome): void {
    this.wire.respond(id, outcome);
  }

  /** Modern servers know no notifications of clients but the cancellation. */
  notify(): Promise<void> {
    return Promise.resolve();
  }

  async ping(timeoutMs: number): Promise<void> {
    const outcome = await this.#send('server/discover', undefined, { deadline: Date.now() + timeoutMs });
    if ('error' in outcome) throw new UpstreamProtocolError(`server/discover was refused: ${outcome.error.message}`);
  }

  close(reason?: string): Promise<void> {
    this.#listen.close();
    return this.wire.close(reason);
  }

  async #send(method: string, params: object | undefined, options: UpstreamRequestOptions): Promise<RpcOutcome> {
    const outcome = await this.wire.request(method, withEnvelope(params, options.caller, this.options), options);
    if ('error' in outcome && outcome.error.code === ErrorCode.UnsupportedVersion) {
      // whoever connects anew asks what it speaks now
      void this.close(`the server no longer speaks MCP ${LATEST_STATELESS_REVISION}`);
    }
    return outcome;
  }

  #receive(message: Inbound): void {
    const meta = metaOf(message.params);
    if (meta?.[MetaKey.SubscriptionId] === undefined) return this.options.onMessage?.(message);
    const { [MetaKey.SubscriptionId]: _ours, ...others } = meta;
    const { _meta, ...params } = message.params!;
    const rest = Object.keys(others).length === 0 ? params : { ...params, _meta: others };
    this.options.onMessage?.({ ...message, params: rest });
  }
}

function uriOf(params: object | undefined): string | undefined {
  const uri = (params as { uri?: unknown } | undefined)?.uri;
  return typeof uri === 'string' ? uri : undefined;
}

function emptied(outcome: RpcOutcome): RpcOutcome {
  return 'error' in outcome ? outcome : DONE;
}

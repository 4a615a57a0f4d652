import { ErrorCode, rpcError, type RpcOutcome } from '../../jsonrpc.js';
import { LISTEN, LISTEN_ACKNOWLEDGED } from '../pending.js';
import type { ConnectOptions, Inbound, UpstreamRequestOptions } from '../upstream.js';
import { withEnvelope } from './envelope.js';
import type { ModernWire } from './wire.js';

/** What a server agreed to report, as `notifications/subscriptions/acknowledged` says it. */
interface Filter {
  readonly toolsListChanged?: true;
  readonly promptsListChanged?: true;
  readonly resourcesListChanged?: true;
  readonly resourceSubscriptions?: readonly string[];
}

export interface ListenHooks {
  readonly self: Pick<ConnectOptions, 'clientInfo' | 'capabilities'>;
  /** Told in the server's place, when a stream had broken off: something may have changed meanwhile. */
  onMissed(message: Inbound): void;
  onWarning(text: string): void;
}

type Streams = Pick<ModernWire, 'request' | 'cancel' | 'limits'>;
type Fields = Readonly<Record<string, unknown>>;

const ACKNOWLEDGE_MS = 10_000;
const MAX_RETRY_MS = 30_000;
const LISTS = { tools: 'toolsListChanged', prompts: 'promptsListChanged', resources: 'resourcesListChanged' } as const;

/**
 * The one `subscriptions/listen` stream of a connection. A change of what it is to report opens another stream, and the old
 * one ends only when the new one is acknowledged, so that nothing is missed; one that breaks off is opened again.
 */
export class ListenStream {
  readonly #uris = new Set<string>();
  #lists: Omit<Filter, 'resourceSubscriptions'> = {};
  #open: { readonly options: UpstreamRequestOptions; readonly agreed: Filter } | undefined;
  #syncing: Promise<RpcOutcome> | undefined;
  #stale = false;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #size = 0;

  constructor(
    private readonly wire: Streams,
    private readonly hooks: ListenHooks,
  ) {}

  /** Requests of ours that wait for an answer, because their streams are open. */
  get size(): number {
    return this.#size;
  }

  lists(capabilities: Fields): void {
    const wanted = Object.entries(LISTS).filter(
      ([list]) => (capabilities[list] as { listChanged?: unknown } | undefined)?.listChanged === true,
    );
    this.#lists = Object.fromEntries(wanted.map(([, field]) => [field, true]));
    if (wanted.length === 0) return;
    void this.#sync().then((outcome) => {
      if (!('error' in outcome) || this.#closed) return;
      this.hooks.onWarning(`changes of its lists go unheard: ${outcome.error.message}`);
      if (outcome.error.code !== ErrorCode.MethodNotFound) this.#retryLater();
    });
  }

  async subscribe(uri: string | undefined): Promise<RpcOutcome> {
    if (uri === undefined) return { error: rpcError(ErrorCode.InvalidParams, '"params.uri" must be a string') };
    if (this.#open?.agreed.resourceSubscriptions?.includes(uri)) return { result: {} };
    this.#uris.add(uri);
    const outcome = await this.#sync();
    if (!('error' in outcome) && this.#open?.agreed.resourceSubscriptions?.includes(uri)) return { result: {} };
    this.#uris.delete(uri);
    if ('error' in outcome) return outcome;
    return { error: rpcError(ErrorCode.InvalidParams, `the server does not report changes of ${uri}`) };
  }

  async unsubscribe(uri: string | undefined): Promise<RpcOutcome> {
    if (uri === undefined || !this.#uris.delete(uri)) return { result: {} };
    await this.#sync();
    return { result: {} };
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    const open = this.#open;
    this.#open = undefined;
    if (open) this.wire.cancel(open.options, 'closed');
  }

  /** Brings the stream to what is wanted now; changes that come meanwhile are brought in together. */
  async #sync(): Promise<RpcOutcome> {
    if (this.#syncing) {
      this.#stale = true;
      await this.#syncing;
      return this.#stale ? this.#sync() : (this.#syncing ?? { result: {} });
    }
    this.#stale = false;
    this.#syncing = this.#replace();
    return this.#syncing.finally(() => (this.#syncing = undefined));
  }

  async #replace(): Promise<RpcOutcome> {
    if (this.#closed) return { error: rpcError(ErrorCode.ConnectionClosed, 'the connection is closed') };
    clearTimeout(this.#timer);
    const old = this.#open;
    const wanted: Filter =
      this.#uris.size === 0 ? this.#lists : { ...this.#lists, resourceSubscriptions: [...this.#uris] };
    if (Object.keys(wanted).length > 0) {
      const outcome = await this.#listen(wanted);
      if ('error' in outcome) return outcome;
    } else this.#open = undefined;
    if (old) this.wire.cancel(old.options, 'replaced');
    return { result: {} };
  }

  /** Resolves when the server has acknowledged the stream, or refused it. */
  #listen(notifications: Filter): Promise<RpcOutcome> {
    return new Promise((resolve) => {
      const options: UpstreamRequestOptions = {
        deadline: Infinity,
        onMessage: (message) => {
          // over stdio the server ends a stream with this
          if (message.method === 'notifications/cancelled') this.wire.cancel(options, 'the server ended it');
          if (message.method !== LISTEN_ACKNOWLEDGED || this.#closed) return;
          clearTimeout(timer);
          this.#failures = 0;
          this.#open = { options, agreed: (message.params?.['notifications'] ?? {}) as Filter };
          resolve({ result: {} });
        },
      };
      const timer = setTimeout(() => this.wire.cancel(options, 'not acknowledged'), ACKNOWLEDGE_MS);
      this.#size++;
      const ended = (outcome: RpcOutcome) => {
        this.#size--;
        clearTimeout(timer);
        // of no effect once it was acknowledged
        resolve(outcome);
        if (this.#open?.options !== options) return;
        this.#open = undefined;
        this.#retryLater();
      };
      this.wire.request(LISTEN, withEnvelope({ notifications }, undefined, this.hooks.self), options).then(
        (outcome) =>
          ended(
            'error' in outcome
              ? outcome
              : { error: rpcError(ErrorCode.InternalError, 'the server ended the stream at once') },
          ),
        (error: Error) => ended({ error: rpcError(ErrorCode.ConnectionClosed, error.message) }),
      );
    });
  }

  #retryLater(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    const wait = Math.min(this.wire.limits.streamRetryMs * 2 ** this.#failures++, MAX_RETRY_MS);
    this.#timer = setTimeout(() => {
      void this.#sync().then((outcome) => {
        if ('error' in outcome) this.#retryLater();
        else this.#tellMissed();
      });
    }, wait);
    this.#timer.unref();
  }

  #tellMissed(): void {
    const agreed = this.#open?.agreed ?? {};
    for (const [list, field] of Object.entries(LISTS)) {
      if (agreed[field]) this.hooks.onMissed({ jsonrpc: '2.0', method: `notifications/${list}/list_changed` });
    }
    for (const uri of agreed.resourceSubscriptions ?? []) {
      this.hooks.onMissed({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri } });
    }
  }
}

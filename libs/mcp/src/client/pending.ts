import { PassingMap, type Place } from '@signalbox/contracts';
import { MetaKey } from '../request-meta.js';
import { requestText, type Params, type RequestId, type RpcMessage, type RpcOutcome } from '../jsonrpc.js';
import { forgetDeadline, watchDeadline, type Expiring } from './deadlines.js';
import { CancelledError, DeadlineError } from './errors.js';
import type { Inbound, UpstreamRequestOptions } from './upstream.js';

/** Messages about the session as a whole: they belong to no request, whatever stream they came on. */
const SESSION_WIDE = new Set([
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
  'notifications/elicitation/complete',
]);

export const LISTEN = 'subscriptions/listen';
export const LISTEN_ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

export class PendingRequest implements Expiring {
  readonly deadline: number;
  readonly #settled = Promise.withResolvers<RpcOutcome>();
  readonly promise = this.#settled.promise;
  done = false;
  /** What carries it; ended when the request is given up. */
  carrier: { abort(): void } | undefined;
  #onAbort: (() => void) | undefined;
  readonly #deadlinePlace: Place;

  constructor(
    readonly id: number,
    readonly method: string,
    readonly options: UpstreamRequestOptions,
    /** The caller's own progress token, which is our id on the wire. */
    readonly progressToken: unknown,
    private readonly table: RequestTable,
  ) {
    this.deadline = options.deadline;
    this.#deadlinePlace = watchDeadline(this);
  }

  watchSignal(signal: AbortSignal): void {
    this.#onAbort = () => this.table.abandon(this, new CancelledError(reasonText(signal.reason)));
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  expire(): void {
    this.table.abandon(this, new DeadlineError(`no answer to ${this.method} before the deadline`));
  }

  settle(outcome: RpcOutcome): void {
    if (this.table.release(this)) this.#settled.resolve(outcome);
  }

  fail(error: Error): void {
    if (this.table.release(this)) this.#settled.reject(error);
  }

  unwatch(): void {
    forgetDeadline(this.#deadlinePlace);
    if (this.#onAbort) this.options.signal?.removeEventListener('abort', this.#onAbort);
  }
}

export interface RequestTableHooks {
  onMessage(message: Inbound): void;
  /** Tells the server that nobody waits for this request any more. */
  tellCancelled(pending: PendingRequest, reason: string): void;
}

/** The requests of one connection that wait for an answer, and what comes in beside the answers. */
export class RequestTable {
  readonly #pending = new PassingMap<number, PendingRequest>();
  /** Unanswered requests of the server, with the request of ours they were handed to. */
  readonly #reverse = new Map<RequestId, PendingRequest | undefined>();
  #lastId = 0;

  constructor(private readonly hooks: RequestTableHooks) {}

  get size(): number {
    return this.#pending.size;
  }

  /** Opens a request. `text` is what goes on the wire. */
  open(
    method: string,
    params: object | undefined,
    options: UpstreamRequestOptions,
  ): { pending: PendingRequest; text: string } {
    const id = ++this.#lastId;
    const meta = (params as { _meta?: Params } | undefined)?._meta;
    const token = meta?.['progressToken'];
    // several callers share a connection, and may have chosen the same token
    const sent =
      token === undefined
        ? params
        : { ...params, _meta: { ...meta, progressToken: typeof token === 'string' ? String(id) : id } };
    const pending = new PendingRequest(id, method, options, token, this);
    this.#pending.set(id, pending);
    if (options.signal) pending.watchSignal(options.signal);
    return { pending, text: requestText(id, method, sent) };
  }

  /** False when it was already settled. */
  release(pending: PendingRequest): boolean {
    if (pending.done) return false;
    pending.done = true;
    this.#pending.delete(pending.id);
    pending.unwatch();
    return true;
  }

  abandon(pending: PendingRequest, error: Error): void {
    if (pending.done) return;
    pending.fail(error);
    this.hooks.tellCancelled(pending, error.message);
  }

  cancel(options: UpstreamRequestOptions, reason = 'cancelled'): boolean {
    for (const pending of this.#pending.values()) {
      if (pending.options !== options) continue;
      this.abandon(pending, new CancelledError(reason));
      return true;
    }
    return false;
  }

  failAll(error: Error): void {
    for (const pending of this.#pending.values()) {
      pending.fail(error);
      pending.carrier?.abort();
    }
    this.#reverse.clear();
  }

  /** True when the server's request `id` was still open; it no longer is. */
  closeReverse(id: RequestId): boolean {
    return this.#reverse.delete(id);
  }

  /**
   * Hands on one message.
   * @param from the request on whose stream it came, where the transport knows
   */
  deliver(message: RpcMessage, from?: PendingRequest): void {
    if (!('method' in message)) {
      const pending = typeof message.id === 'number' ? this.#pending.get(message.id) : undefined;
      if (pending) pending.settle(outcomeOf(message));
      return;
    }
    const target = this.#targetOf(message, from);
    if ('id' in message) this.#reverse.set(message.id, target);
    const onMessage = target?.done === false ? target.options.onMessage : undefined;
    if (onMessage) onMessage.call(target!.options, message);
    else this.hooks.onMessage(message);
  }

  #targetOf(message: Inbound, from: PendingRequest | undefined): PendingRequest | undefined {
    if (SESSION_WIDE.has(message.method)) return undefined;
    if (message.method === 'notifications/progress') return this.#byProgressToken(message) ?? from;
    if (message.method === 'notifications/cancelled') {
      const requestId = message.params?.['requestId'] as RequestId;
      return this.#reverse.get(requestId) ?? from ?? this.#listenStream(requestId);
    }
    if (message.method === LISTEN_ACKNOWLEDGED) {
      const meta = message.params?.['_meta'] as Params | undefined;
      return from ?? this.#listenStream(meta?.[MetaKey.SubscriptionId]);
    }
    return from ?? this.#newest();
  }

  /** Modern servers over stdio say of which stream a message is by the id of the request that opened it. */
  #listenStream(id: unknown): PendingRequest | undefined {
    const pending = typeof id === 'number' ? this.#pending.get(id) : undefined;
    return pending?.method === LISTEN ? pending : undefined;
  }

  #byProgressToken(message: Inbound): PendingRequest | undefined {
    const params = message.params as { progressToken?: unknown } | undefined;
    const pending = this.#pending.get(Number(params?.progressToken));
    if (pending && params) params.progressToken = pending.progressToken;
    return pending;
  }

  /** Where one channel carries everything, all that runs on it runs for one client, so that any of its requests will do. */
  #newest(): PendingRequest | undefined {
    let newest: PendingRequest | undefined;
    for (const pending of this.#pending.values()) if (pending.method !== LISTEN) newest = pending;
    return newest;
  }
}

export function outcomeOf(message: object): RpcOutcome {
  return 'error' in message ? { error: message.error as never } : { result: (message as { result?: unknown }).result };
}

function reasonText(reason: unknown): string {
  if (typeof reason === 'string') return reason;
  return reason instanceof Error ? reason.message : 'cancelled';
}

import type { RpcError } from '@signalbox/contracts';
import type { Params, RequestId, RpcOutcome } from '../jsonrpc.js';

/** What a request came to. `resultText` is a result that is JSON text already, sent as it is. */
export type Outcome = { readonly result: unknown } | { readonly resultText: string } | { readonly error: RpcError };

/** Where the answer to a question of a server goes, for whoever answers it later than the request lives here. */
export interface QuestionPlace {
  /** Queue of the executor that holds the server's connection. */
  readonly inbox: string;
  /** The executor's name for the question. */
  readonly id: string;
  /** The executor's name for the request that it belongs to. */
  readonly requestId?: string;
  /** Under which the client was asked before, by a gateway that is gone. */
  readonly key?: string | undefined;
}

/** The way back to the client while its request runs; on the stream of that request, whatever the transport. */
export interface ClientChannel {
  notify(method: string, params: object | undefined): void;
  /** Asks the client something (sampling, elicitation, roots). Resolves with an error when it cannot be asked. */
  ask(method: string, params: object | undefined, place?: QuestionPlace): Promise<RpcOutcome>;
  /** Tells once, also when it happened already, that the client has taken its request back. One listener. */
  onCancelled(listener: (reason: string | undefined) => void): void;
  /** Hears, before anything else, under which id the log has the call that the request is. */
  recordedAs?(callId: string, params: Params): void;
}

/** One request of a client, whatever revision of the protocol it came by. */
export interface McpRequest<Caller> {
  readonly id: RequestId;
  readonly method: string;
  readonly params: Params | undefined;
  readonly caller: Caller;
  readonly channel: ClientChannel;
  /** Size of the message as it was received: no part of it is larger. */
  readonly bytes: number;
  /** W3C trace context of the request, when it has one. */
  readonly traceparent?: string | undefined;
  /** Of the HTTP request that it came by, in lower case. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined;
  /** Milliseconds that the client gives the request, when that is less than what it has anyway. */
  readonly timeoutMs?: number | undefined;
}

export type MethodHandler<Caller> = (request: McpRequest<Caller>) => Outcome | Promise<Outcome>;
export type Middleware<Caller> = (
  request: McpRequest<Caller>,
  next: MethodHandler<Caller>,
) => Outcome | Promise<Outcome>;

/** The middleware for a method, or undefined when there is none; for all methods without a route together, the method is undefined. */
export type MiddlewareChoice<Caller> = (method: string | undefined) => Middleware<Caller> | undefined;

/** Hands requests to the handler of their method, through the middleware of that method in the order it was added. */
export class MethodRouter<Caller> {
  readonly #routes = new Map<string, MethodHandler<Caller>>();
  readonly #layers: MiddlewareChoice<Caller>[] = [];
  readonly #composed = new Map<string, MethodHandler<Caller>>();
  #composedFallback: MethodHandler<Caller> | undefined;

  /** @param fallback answers methods that have no route */
  constructor(private readonly fallback: MethodHandler<Caller>) {}

  /** @throws Error when the method has a handler already */
  route(method: string, handler: MethodHandler<Caller>): this {
    if (this.#routes.has(method)) throw new Error(`${method} has a handler already`);
    this.#routes.set(method, handler);
    this.#forget();
    return this;
  }

  /** @param methods the methods it is for; all when absent, unknown ones included */
  use(middleware: Middleware<Caller>, methods?: Iterable<string>): this {
    const chosen = methods && new Set(methods);
    return this.useFor((method) => (!chosen || (method !== undefined && chosen.has(method)) ? middleware : undefined));
  }

  /** @param choose is asked once per method, so that a method without middleware costs nothing */
  useFor(choose: MiddlewareChoice<Caller>): this {
    this.#layers.push(choose);
    this.#forget();
    return this;
  }

  get methods(): readonly string[] {
    return [...this.#routes.keys()];
  }

  handle(request: McpRequest<Caller>): Outcome | Promise<Outcome> {
    const handler = this.#composed.get(request.method);
    return handler ? handler(request) : this.#compose(request.method)(request);
  }

  #compose(method: string): MethodHandler<Caller> {
    const route = this.#routes.get(method);
    // names of unknown methods come from outside: they share one chain, so that they cannot fill the map
    if (!route && this.#composedFallback) return this.#composedFallback;
    let chain: MethodHandler<Caller> = route ?? this.fallback;
    for (const choose of this.#layers.toReversed()) {
      const middleware = choose(route && method);
      if (!middleware) continue;
      const next = chain;
      chain = (request) => middleware(request, next);
    }
    if (route) this.#composed.set(method, chain);
    else this.#composedFallback = chain;
    return chain;
  }

  #forget(): void {
    this.#composed.clear();
    this.#composedFallback = undefined;
  }
}

import type {
  McpRequest,
  MethodRouter,
  Middleware as RouterMiddleware,
  Outcome,
  Params,
  RpcNotification,
} from '@signalbox/mcp';
import type { MaybePromise, MessageOutcome, MiddlewareChains, RequestMessage } from '@signalbox/middleware';
import type { Caller } from '../../caller.js';
import { LayeredChannel } from './layered-channel.js';
import { clientContext, ClientMessageContext, pushContext, type MessageSource } from './message-context.js';

/** Puts the middleware of the configuration around the methods of the gateway, and into the way of notifications. */
export class GatewayMiddleware {
  constructor(private readonly chains: MiddlewareChains) {}

  /** Methods that no middleware is for are left as they are. */
  install(router: MethodRouter<Caller>): void {
    if (this.chains.isEmpty) return;
    // a method without a route has a name from outside: only what is for all methods is for it
    router.useFor((method = '') => this.#around(method));
  }

  /** A notification that belongs to no request, on its way to clients. @returns it as it goes on; undefined when it was dropped */
  push(
    method: string,
    params: object | undefined,
    server: string | undefined,
    sessionId: string | undefined,
  ): { readonly params: object | undefined } | undefined {
    const chain = this.chains.isEmpty ? undefined : this.chains.notification(method);
    if (!chain) return { params };
    return chain({ method, params: params as Params | undefined }, pushContext(server, sessionId));
  }

  /**
   * A request that no method of the router is for: `initialize`, `subscriptions/listen`.
   * @param handle answers it; where it has answered by itself already, what comes of the chain is for nobody
   */
  request(
    message: RequestMessage,
    from: MessageSource,
    handle: (params: Params | undefined) => MaybePromise<MessageOutcome>,
  ): MaybePromise<MessageOutcome> {
    const chain = this.chains.isEmpty ? undefined : this.chains.request(message.method);
    return chain
      ? chain(message, clientContext(from), ({ params }) => handle(params as Params | undefined))
      : handle(message.params as Params | undefined);
  }

  /** A notification of a client. @returns it as it goes on; undefined when it was dropped */
  notified(message: RpcNotification, from: MessageSource): RpcNotification | undefined {
    const chain = this.chains.isEmpty ? undefined : this.chains.notification(message.method);
    if (!chain) return message;
    const { method, params } = message;
    const passed = chain({ method, params }, clientContext(from));
    return passed && { ...message, ...(passed.params && { params: passed.params as Params }) };
  }

  #around(routed: string): RouterMiddleware<Caller> | undefined {
    const chain = this.chains.request(routed);
    if (!chain && !this.chains.seesTheWayBack) return undefined;
    return (request, next) => {
      const handle = this.#handler(request, next);
      if (!chain) return handle(request.params);
      const { method, params } = request;
      return chain({ method, params }, new ClientMessageContext(request), (message) =>
        whole(handle(message.params)),
      ) as Outcome | Promise<Outcome>;
    };
  }

  #handler(request: McpRequest<Caller>, next: (request: McpRequest<Caller>) => Outcome | Promise<Outcome>) {
    const channel = this.chains.seesTheWayBack
      ? new LayeredChannel(request.channel, this.chains, new ClientMessageContext(request, 'to-client'))
      : request.channel;
    return (params: Params | undefined) =>
      next(params === request.params && channel === request.channel ? request : { ...request, params, channel });
  }
}

/** A result that is JSON text already; parsed only for middleware that looks at it. */
class TextOutcome {
  #result: unknown;

  constructor(readonly resultText: string) {}

  get result(): unknown {
    return (this.#result ??= JSON.parse(this.resultText));
  }
}

function whole(outcome: Outcome | Promise<Outcome>): MessageOutcome | Promise<MessageOutcome> {
  if (outcome instanceof Promise) return outcome.then((settled) => whole(settled));
  return 'resultText' in outcome ? new TextOutcome(outcome.resultText) : outcome;
}

import type { ClientContext } from '@signalbox/contracts';
import type { MessageContext, MiddlewareChains, RequestChain } from '@signalbox/middleware';

type Params = Readonly<Record<string, unknown>> | undefined;

const NO_HEADERS = {};

/** The middleware of the configuration right in front of the servers. */
export class UpstreamMiddleware {
  constructor(private readonly chains: MiddlewareChains) {}

  /** Undefined when no middleware is for the method. */
  request(method: string): RequestChain | undefined {
    return this.chains.isEmpty ? undefined : this.chains.request(method);
  }

  /** A notification of a server on its way to a client. @returns its params as they go on; undefined when it was dropped */
  notification(
    server: string,
    client: ClientContext,
    method: string,
    params: Params,
  ): { readonly params: Params } | undefined {
    const chain = this.chains.isEmpty ? undefined : this.chains.notification(method);
    return chain ? chain({ method, params }, contextOf(server, client, 'to-client')) : { params };
  }
}

export function contextOf(
  server: string,
  { principal, sessionId }: ClientContext,
  direction: MessageContext['direction'] = 'to-server',
): MessageContext {
  return { at: 'executor', direction, principal, sessionId, server, headers: NO_HEADERS };
}

import { ErrorCode, rpcError, type McpRequest, type MethodRouter, type Outcome } from '@signalbox/mcp';
import type { Caller } from '../../caller.js';
import type { Catalogue } from '../catalogue/catalogue.js';
import { forwardTo, type ForwardingOptions } from './forwarding.js';

type Routed = (uri: string, server: string, request: McpRequest<Caller>) => Promise<Outcome>;

export function routeResources(
  router: MethodRouter<Caller>,
  catalogue: Catalogue,
  forwarding: ForwardingOptions,
): void {
  const byUri =
    (handle: Routed) =>
    (request: McpRequest<Caller>): Outcome | Promise<Outcome> => {
      const uri = request.params?.['uri'];
      if (typeof uri !== 'string') return { error: rpcError(ErrorCode.InvalidParams, '"uri" must be a string') };
      const server = catalogue.view(request.caller.scope).ownerOf(uri);
      if (server !== undefined) return handle(uri, server, request);
      return { error: rpcError(ErrorCode.ResourceNotFound, `Resource not found: ${uri.slice(0, 500)}`, { uri }) };
    };
  const forward: Routed = (_uri, server, request) => forwardTo(server, request.params!, request, forwarding);

  router.route('resources/read', byUri(forward));

  router.route(
    'resources/subscribe',
    byUri(async (uri, server, request) => {
      const { session } = request.caller;
      if (!session) return { error: rpcError(ErrorCode.InvalidRequest, 'Subscriptions need a session') };
      if (!session.subscribe(uri, server)) {
        return { error: rpcError(ErrorCode.InvalidRequest, 'The session has as many subscriptions as it may') };
      }
      const outcome = await forward(uri, server, request);
      if ('error' in outcome) session.unsubscribe(uri);
      return outcome;
    }),
  );

  router.route(
    'resources/unsubscribe',
    byUri((uri, server, request) => {
      request.caller.session?.unsubscribe(uri);
      return forward(uri, server, request);
    }),
  );
}

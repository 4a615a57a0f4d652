import { ErrorCode, nearestNames, rpcError, type MethodRouter } from '@signalbox/mcp';
import type { RpcError } from '@signalbox/contracts';
import type { Caller } from '../../caller.js';
import type { ToolCaller } from '../call-tool/tool-caller.js';
import type { Catalogue } from '../catalogue/catalogue.js';

export function routeTools(router: MethodRouter<Caller>, catalogue: Catalogue, tools: ToolCaller): void {
  router.route('tools/call', (request) => {
    const { params, caller, channel, bytes, traceparent, timeoutMs } = request;
    const name = params?.['name'];
    if (typeof name !== 'string') return { error: rpcError(ErrorCode.InvalidParams, '"name" must be a string') };
    const given = params!['arguments'];
    if (given !== undefined && (typeof given !== 'object' || given === null || Array.isArray(given))) {
      return { error: rpcError(ErrorCode.InvalidParams, '"arguments" must be an object') };
    }
    const view = catalogue.view(caller.scope);
    const entry = view.tool(name);
    if (!entry) {
      const own = view.own(name);
      if (own) return own.call(request);
    }
    if (!entry) return { error: unknownName('tool', name, catalogue.view(caller.scope).names('tools')) };
    return tools.call({ entry, params: params!, caller, channel, bytes, traceparent, timeoutMs });
  });
}

/** Names what was asked for, and what it may have been meant to be. */
export function unknownName(kind: 'tool' | 'prompt', name: string, names: readonly string[]): RpcError {
  const nearest = nearestNames(name, names);
  const hint = nearest.length === 0 ? `no ${kind}s are available` : `did you mean ${nearest.join(', ')}?`;
  return rpcError(ErrorCode.InvalidParams, `Unknown ${kind}: ${name.slice(0, 200)}; ${hint}`, { nearest });
}

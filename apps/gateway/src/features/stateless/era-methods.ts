import type { RpcError } from '@signalbox/contracts';
import { ErrorCode, rpcError } from '@signalbox/mcp';

/** Methods that MCP 2026-07-28 no longer has. */
const OF_SESSIONS = new Set(['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe']);

/** Methods that came with MCP 2026-07-28. */
const OF_STATELESS = new Set(['server/discover', 'subscriptions/listen']);

export function isOnlyOfSessions(method: string): boolean {
  return OF_SESSIONS.has(method);
}

export function isOnlyOfStateless(method: string): boolean {
  return OF_STATELESS.has(method);
}

export function unknownMethod(method: string): RpcError {
  return rpcError(ErrorCode.MethodNotFound, `Unknown method: ${method.slice(0, 200)}`);
}

import type { RpcError } from '@signalbox/contracts';
import { ErrorCode, rpcError } from './jsonrpc.js';

type Capabilities = Readonly<Record<string, unknown>>;

/** Why a client cannot be asked this, judged by the capabilities that it declared; undefined when it can. */
export function refusalOf(
  method: string,
  params: object | undefined,
  capabilities: Capabilities,
): RpcError | undefined {
  const needed = capabilityFor(method, params);
  if (needed === undefined) {
    return rpcError(ErrorCode.MethodNotFound, `${method.slice(0, 200)} cannot be asked of a client`);
  }
  return has(capabilities, needed)
    ? undefined
    : rpcError(ErrorCode.MethodNotFound, `The client does not support ${needed}`);
}

/** What a client declares to be asked this, as a path into its capabilities; undefined for what no client can be asked. */
export function capabilityFor(method: string, params: object | undefined): string | undefined {
  switch (method) {
    case 'sampling/createMessage':
      return 'sampling';
    case 'roots/list':
      return 'roots';
    case 'elicitation/create':
      return params !== undefined && 'mode' in params && params.mode === 'url' ? 'elicitation.url' : 'elicitation';
    default:
      return undefined;
  }
}

function has(capabilities: Capabilities, path: string): boolean {
  let value: unknown = capabilities;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return false;
    value = (value as Record<string, unknown>)[key];
  }
  return value !== undefined && value !== null;
}

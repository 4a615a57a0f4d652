import type { Params } from './jsonrpc.js';

/** Keys of `_meta` that MCP 2026-07-28 gives a meaning to. */
export const MetaKey = {
  ProtocolVersion: 'io.modelcontextprotocol/protocolVersion',
  ClientInfo: 'io.modelcontextprotocol/clientInfo',
  ClientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  LogLevel: 'io.modelcontextprotocol/logLevel',
  ServerInfo: 'io.modelcontextprotocol/serverInfo',
  SubscriptionId: 'io.modelcontextprotocol/subscriptionId',
} as const;

type Fields = Readonly<Record<string, unknown>>;

/** What a request of 2026-07-28 or later says of itself and its client, as it says it. */
export interface RequestMeta {
  readonly protocolVersion: unknown;
  readonly clientInfo: unknown;
  readonly clientCapabilities: unknown;
  readonly logLevel: unknown;
}

/** The `_meta` of a request, or undefined when it is not there or not an object. */
export function metaOf(params: Params | undefined): Fields | undefined {
  const meta = params?.['_meta'];
  return typeof meta === 'object' && meta !== null && !Array.isArray(meta) ? (meta as Fields) : undefined;
}

export function readRequestMeta(meta: Fields): RequestMeta {
  return {
    protocolVersion: meta[MetaKey.ProtocolVersion],
    clientInfo: meta[MetaKey.ClientInfo],
    clientCapabilities: meta[MetaKey.ClientCapabilities],
    logLevel: meta[MetaKey.LogLevel],
  };
}

/** The same params without what {@link readRequestMeta} reads; what else is in `_meta` stays, and an empty one goes. */
export function withoutRequestMeta(params: Params | undefined): Params | undefined {
  const meta = metaOf(params);
  if (!params || !meta) return params;
  const {
    [MetaKey.ProtocolVersion]: _version,
    [MetaKey.ClientInfo]: _info,
    [MetaKey.ClientCapabilities]: _capabilities,
    [MetaKey.LogLevel]: _level,
    ...others
  } = meta;
  const { _meta, ...rest } = params;
  return Object.keys(others).length === 0 ? rest : { ...rest, _meta: others };
}

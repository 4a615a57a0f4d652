import type { Params } from '@signalbox/mcp';
import canonicalize from 'canonicalize';
import type { Caller } from '../../../caller.js';

/** What in `_meta` is about the message and not about what is asked. */
const ABOUT_THE_MESSAGE = ['progressToken', 'traceparent', 'tracestate', 'baggage'];

/**
 * What two requests must have in common to have the same answer: method, params, endpoint and revision of the protocol.
 * Who asks is not in it.
 */
export function cacheKey(method: string, params: Params | undefined, { client, scope }: Caller): string {
  const { _meta: meta, ...asked } = params ?? {};
  const others = Object.entries((meta ?? {}) as object).filter(([key]) => !ABOUT_THE_MESSAGE.includes(key));
  const full = others.length === 0 ? asked : { ...asked, _meta: Object.fromEntries(others) };
  return canonicalize([method, scope ?? null, client.protocolVersion ?? null, full])!;
}

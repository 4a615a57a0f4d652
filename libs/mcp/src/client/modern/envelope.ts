import { MetaKey } from '../../request-meta.js';
import { STATELESS_REVISIONS } from '../../revisions.js';
import type { CallerMeta, ConnectOptions } from '../upstream.js';

export const LATEST_STATELESS_REVISION = STATELESS_REVISIONS[0];

type Fields = Readonly<Record<string, unknown>>;

/**
 * The params of a request with what 2026-07-28 wants in their `_meta`: the revision, the client, and what it can do.
 * @param self what stands for a caller that says nothing of itself
 */
export function withEnvelope(
  params: object | undefined,
  caller: CallerMeta | undefined,
  self: Pick<ConnectOptions, 'clientInfo' | 'capabilities'>,
): object {
  const meta: Record<string, unknown> = {
    ...((params as { _meta?: Fields } | undefined)?._meta ?? {}),
    [MetaKey.ProtocolVersion]: LATEST_STATELESS_REVISION,
    [MetaKey.ClientInfo]: caller?.info ?? self.clientInfo,
    [MetaKey.ClientCapabilities]: (caller ? caller.capabilities : self.capabilities) ?? {},
  };
  if (caller?.logLevel !== undefined) meta[MetaKey.LogLevel] = caller.logLevel;
  return { ...params, _meta: meta };
}

import type { Implementation, InitializeResult } from '../../initialize.js';
import { ErrorCode, type RpcOutcome } from '../../jsonrpc.js';
import { metaOf, MetaKey } from '../../request-meta.js';
import { isSessionRevision } from '../../revisions.js';
import { AuthorizationError, UpstreamProtocolError } from '../errors.js';
import { LATEST_STATELESS_REVISION } from './envelope.js';

/** What the answer to `server/discover` says of the server. */
export type Verdict =
  | { readonly kind: 'modern'; readonly initialize: InitializeResult }
  /** Speaks the modern era, but refused our revision although it has it: worth asking once more. */
  | { readonly kind: 'again' }
  | { readonly kind: 'legacy'; readonly because: string; readonly isUnknownMethod?: boolean }
  | { readonly kind: 'error'; readonly error: Error };

type Fields = Readonly<Record<string, unknown>>;

/**
 * Judges an answer to `server/discover`. Whatever is not clearly modern is taken for legacy, which is what the revision asks
 * for; a refusal for want of a token, or a failure of the server, says nothing of its era.
 */
export function judgeDiscovery(outcome: RpcOutcome): Verdict {
  if ('error' in outcome) return judgeError(outcome.error);
  const result = outcome.result as Fields | null | undefined;
  const versions = result?.['supportedVersions'];
  if (!Array.isArray(versions)) return { kind: 'legacy', because: 'its answer to server/discover is none' };
  if (versions.includes(LATEST_STATELESS_REVISION)) return { kind: 'modern', initialize: asInitialize(result!) };
  return judgeVersions(versions);
}

/** Judges what a request for `server/discover` failed with. */
export function judgeFailure(error: unknown): Verdict {
  const status = error instanceof UpstreamProtocolError ? error.status : undefined;
  const saysNothing = error instanceof AuthorizationError || status === 401 || status === 403;
  if (status !== undefined && status < 500 && !saysNothing) {
    return { kind: 'legacy', because: `it answered server/discover with HTTP ${status}` };
  }
  return { kind: 'error', error: error as Error };
}

/** What stands for the answer of a modern server that does not know `server/discover`, though it must. */
export function undiscovered(): InitializeResult {
  return {
    protocolVersion: LATEST_STATELESS_REVISION,
    capabilities: { tools: {}, prompts: {}, resources: {}, completions: {} },
    serverInfo: { name: 'unnamed', version: '0' },
  };
}

function judgeError({ code, message, data }: { code: number; message: string; data?: unknown }): Verdict {
  const supported = code === ErrorCode.UnsupportedVersion ? (data as Fields | undefined)?.['supported'] : undefined;
  if (Array.isArray(supported)) {
    return supported.includes(LATEST_STATELESS_REVISION) ? { kind: 'again' } : judgeVersions(supported);
  }
  const isUnknownMethod = code === ErrorCode.MethodNotFound;
  return { kind: 'legacy', because: `it refused server/discover: ${message} (${code})`, isUnknownMethod };
}

function judgeVersions(versions: readonly unknown[]): Verdict {
  const said = versions.join(', ');
  if (versions.some(isSessionRevision)) return { kind: 'legacy', because: `it speaks MCP ${said}` };
  const message = `the server speaks MCP ${said}, of which none is supported here`;
  return { kind: 'error', error: new UpstreamProtocolError(message) };
}

function asInitialize(result: Fields): InitializeResult {
  const { supportedVersions: _versions, resultType: _type, ttlMs: _ttl, cacheScope: _scope, ...said } = result;
  const info = metaOf(result)?.[MetaKey.ServerInfo] ?? result['serverInfo'];
  return {
    ...said,
    protocolVersion: LATEST_STATELESS_REVISION,
    capabilities: (result['capabilities'] as Fields | undefined) ?? {},
    serverInfo: (info as Implementation | undefined) ?? { name: 'unnamed', version: '0' },
  };
}

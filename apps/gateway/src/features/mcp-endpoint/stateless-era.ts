import { ErrorCode, rpcError, SESSION_REVISIONS, type ClassifiedMessage } from '@signalbox/mcp';
import type { IncomingPost } from './incoming.js';
import { refuse } from './refuse.js';

const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';

/** The revision that a message carries with it, as 2026-07-28 and later do; undefined for those that have sessions. */
export function carriedRevision(message: Exclude<ClassifiedMessage, { kind: 'invalid' }>): unknown {
  if (message.kind === 'response') return undefined;
  const meta = message.message.params?.['_meta'];
  return typeof meta === 'object' && meta !== null ? (meta as Record<string, unknown>)[VERSION_KEY] : undefined;
}

/** Where revisions without sessions are served from 2026-07-28 on; none is spoken yet. */
export class StatelessEra {
  post({ response, message }: IncomingPost): void {
    const requested = carriedRevision(message);
    const error = rpcError(
      ErrorCode.UnsupportedVersion,
      `Unsupported protocol version: ${String(requested).slice(0, 100)}; supported are ${SESSION_REVISIONS.join(', ')}`,
      { supported: SESSION_REVISIONS, requested },
    );
    refuse(response, 400, error, message.kind === 'request' ? message.message.id : null);
  }
}

import type { CachingHint } from '@signalbox/contracts';
import type { ListKind } from './list-kind.js';
import type { ServerEntry } from './server-entry.js';

/**
 * What holds for a list that is merged of those of several servers: the shortest time, and private when any is.
 * @param fallback for servers that do not say it, and when there are none
 */
export function strictest(servers: readonly ServerEntry[], kind: ListKind, fallback: CachingHint): CachingHint {
  const parts = servers.flatMap(({ catalogue }) => (catalogue ? [catalogue.caching?.[kind] ?? fallback] : []));
  if (parts.length === 0) return fallback;
  return {
    ttlMs: Math.min(...parts.map(({ ttlMs }) => ttlMs)),
    cacheScope: parts.some(({ cacheScope }) => cacheScope === 'private') ? 'private' : 'public',
  };
}

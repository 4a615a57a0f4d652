import { monotonicFactory } from 'ulid';
import { randomUnit } from './random-ids.js';

/** A ULID: 26 characters that sort by the time they were made; unique within and across processes. */
export const newId: () => string = monotonicFactory(randomUnit);

/** Stream kinds whose id names the partition they live in: `<kind>-<partition>-<ulid>`. All others are hashed. */
const PINNED_KINDS = new Set(['call', 'attempt', 'session', 'task']);

/**
 * Makes the id of a stream that lives in the writer's own partition for ever.
 * @param kind `call`, `attempt`, `session` or `task`
 * @param partition lower-case letters, digits and inner hyphens, as in `gateway-1`
 * @param key a ULID, or a ULID with a dotted suffix; must not contain a hyphen
 */
export function pinnedStream(kind: 'call' | 'attempt' | 'session' | 'task', partition: string, key: string): string {
  return `${kind}-${partition}-${key}`;
}

/**
 * The partition of a stream (DESIGN section 3): the one named in its id, or `entity-<hash % K>`.
 * @param entityPartitions K, fixed when a log is created
 */
export function partitionOf(stream: string, entityPartitions: number): string {
  const first = stream.indexOf('-');
  if (first > 0 && PINNED_KINDS.has(stream.slice(0, first))) {
    const last = stream.lastIndexOf('-');
    if (last > first) return stream.slice(first + 1, last);
  }
  return `entity-${fnv1a(stream) % entityPartitions}`;
}

/** 32-bit FNV-1a over UTF-16 code units: cheap, and the same in every store. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}

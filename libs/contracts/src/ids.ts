import { incrementBase32, TIME_LEN, ulid } from 'ulid';
import { randomUnit } from './random-ids.js';

let newestAt = 0;
let time = '';
let random = '';

/**
 * A ULID: 26 characters that sort by the time they were made; unique within and across processes. Within a millisecond, and when
 * the clock goes back, each is the one before it plus one (monotonic, as the ULID specification has it); the text of the time is
 * made once per millisecond.
 */
export function newId(): string {
  const now = Date.now();
  if (now > newestAt) {
    const id = ulid(now, randomUnit);
    newestAt = now;
    time = id.slice(0, TIME_LEN);
    random = id.slice(TIME_LEN);
    return id;
  }
  random = incrementBase32(random);
  return time + random;
}

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

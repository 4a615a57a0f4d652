import { createHash } from 'node:crypto';
import { distance } from 'fastest-levenshtein';

/** What every client host studied accepts as the name of a tool or prompt. */
export const EXPOSED_NAME = /^[A-Za-z0-9_-]{1,64}$/;

const SEPARATOR = '__';
const MAX_LENGTH = 64;
const HASH_DIGITS = 8;

/**
 * The name under which the gateway shows a tool or prompt of an upstream server: `<server>__<tool>`.
 * It depends on its two parts only, matches {@link EXPOSED_NAME}, and differs for different pairs: where the plain form
 * would be too long, has other characters, or could be read as another pair, it is cut and ends in a hash of the pair.
 */
export function exposedName(server: string, tool: string): string {
  const plain = server + SEPARATOR + tool;
  const ambiguous = server.includes(SEPARATOR) || server.endsWith('_');
  if (!ambiguous && EXPOSED_NAME.test(plain)) return plain;
  const hash = createHash('sha256').update(`${server}\0${tool}`).digest('hex').slice(0, HASH_DIGITS);
  const cleaned = plain.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, MAX_LENGTH - HASH_DIGITS - 1);
  return `${cleaned}_${hash}`;
}

/**
 * The names most like a mistyped one, best first: by edit distance, upper and lower case alike, to the whole name or to its
 * part behind the server's prefix.
 * @param limit default 3
 */
export function nearestNames(wanted: string, names: Iterable<string>, limit = 3): string[] {
  // edit distance is quadratic: a name is at most 64 characters, so more than a few times that adds nothing
  const target = wanted.slice(0, 4 * MAX_LENGTH).toLowerCase();
  const ranked: { name: string; rank: number }[] = [];
  for (const name of names) {
    const candidate = name.toLowerCase();
    const separator = candidate.indexOf(SEPARATOR);
    const whole = distance(target, candidate);
    const bare = separator < 0 ? whole : distance(target, candidate.slice(separator + SEPARATOR.length));
    ranked.push({ name, rank: Math.min(whole, bare) });
  }
  ranked.sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1));
  return ranked.slice(0, limit).map(({ name }) => name);
}

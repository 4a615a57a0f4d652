import { isEventType } from '@signalbox/contracts';

/**
 * A test for event types.
 * @param patterns routing keys or patterns: `*` is one word, `#` any number of words
 * @throws Error for a pattern without wildcards that is no event type: a typing error would never match
 */
export function typeFilter(patterns: readonly string[]): (type: string) => boolean {
  const matchers = patterns.map(matcherOf);
  const known = new Map<string, boolean>();
  return (type) => {
    let match = known.get(type);
    if (match === undefined) {
      match = matchers.some((matches) => matches(type));
      // types in the log are few: those of the contracts, of this release and of others
      if (known.size < 1000) known.set(type, match);
    }
    return match;
  };
}

function matcherOf(pattern: string): (type: string) => boolean {
  const words = pattern.split('.');
  if (words.includes('*') || words.includes('#')) return (type) => matches(words, type.split('.'));
  if (!isEventType(pattern))
    throw new Error(`${pattern} is no event type; use a key of EVENTS or a pattern with * or #`);
  return (type) => type === pattern;
}

function matches(pattern: readonly string[], words: readonly string[], p = 0, w = 0): boolean {
  if (p === pattern.length) return w === words.length;
  if (pattern[p] === '#') {
    for (let next = w; next <= words.length; next++) {
      if (matches(pattern, words, p + 1, next)) return true;
    }
    return false;
  }
  return w < words.length && (pattern[p] === '*' || pattern[p] === words[w]) && matches(pattern, words, p + 1, w + 1);
}

import { describe, expect, it } from 'vitest';
import { etagOf, matches, matchesWeakly, parsePrecondition } from './precondition.js';

const parse = (value: string) => parsePrecondition('If-Match', value)!;

describe('preconditions', () => {
  it('is absent without a header', () => {
    expect(parsePrecondition('If-Match', undefined)).toBeUndefined();
  });

  it('meets any present version with *', () => {
    expect(matches(parse(' * '), 7)).toBe(true);
  });

  it('meets the version that is named, also in a list', () => {
    expect(matches(parse('"v3"'), 3)).toBe(true);
    expect(matches(parse('"v3"'), 4)).toBe(false);
    expect(matches(parse('"v1", "v4"'), 4)).toBe(true);
    expect(matches(parse(etagOf(12)), 12)).toBe(true);
  });

  it('compares If-Match strongly and If-None-Match weakly', () => {
    expect(matches(parse('W/"v3"'), 3)).toBe(false);
    expect(matchesWeakly(parse('W/"v3"'), 3)).toBe(true);
    expect(matchesWeakly(parse('"v3"'), 3)).toBe(true);
  });

  it.each(['v3', '"v3', '', '3', '"v1" "v2"', '*, "v1"', '"v1",'])(
    'refuses the malformed %s and says the form',
    (value) => {
      expect(() => parse(value)).toThrow(
        expect.objectContaining({ problem: expect.objectContaining({ status: 400 }) }),
      );
    },
  );
});

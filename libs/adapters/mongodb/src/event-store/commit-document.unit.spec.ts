import { describe, expect, it } from 'vitest';
import { commitKey, MAX_POSITION, positions } from './commit-document.js';

describe('commitKey', () => {
  it('sorts the commits of a partition by position', () => {
    const keys = [1, 2, 9, 10, 99, 100, 1_000_000, MAX_POSITION].map((position) => commitKey('gateway-1', position));
    expect([...keys].sort()).toEqual(keys);
  });

  it.each([
    ['a', 'a/0'],
    ['a', 'a/000000000001'],
    ['a', 'a%2F0'],
    ['gateway-1', 'gateway-10'],
    ['a%2Fb', 'a/b'],
    ['entity-1', 'entity-1%'],
  ])('keeps %s and %s apart', (one, other) => {
    const { $gt, $lte } = positions(one, 0)._id;
    for (const position of [1, 500, MAX_POSITION]) {
      const inside = commitKey(one, position);
      const outside = commitKey(other, position);
      expect(inside > $gt && inside <= $lte).toBe(true);
      expect(outside > $gt && outside <= $lte).toBe(false);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { outliersOf } from './outliers.js';

const limits = { minRequests: 10, excess: 0.3, maxShare: 0.5 };
const tally = (id: string, requests: number, failures: number, isOut = false) => ({ id, requests, failures, isOut });
const ids = (...tallies: ReturnType<typeof tally>[]) => outliersOf(tallies, limits).map(({ id }) => id);

describe('outliers', () => {
  it('are those that fail much more often than the others', () => {
    expect(ids(tally('a', 100, 2), tally('b', 100, 60), tally('c', 100, 0))).toEqual(['b']);
  });

  it('are not judged by a few requests', () => {
    expect(ids(tally('a', 100, 2), tally('b', 9, 9))).toEqual([]);
  });

  it('are none where all fail alike', () => {
    expect(ids(tally('a', 100, 90), tally('b', 100, 90), tally('c', 100, 90))).toEqual([]);
  });

  it('are put out worst first, and at most a share of all', () => {
    const good = ['v', 'w', 'x'].map((id) => tally(id, 1_000, 0));
    expect(ids(tally('a', 100, 60), tally('b', 100, 90), ...good)).toEqual(['b', 'a']);
    expect(ids(tally('a', 100, 60), tally('b', 100, 90, true), tally('c', 10, 0, true), ...good)).toEqual(['a']);
    expect(ids(tally('a', 100, 60), tally('b', 100, 90, true), tally('c', 100, 0))).toEqual([]);
  });

  it('are never all of them', () => {
    expect(outliersOf([tally('a', 100, 90)], { ...limits, maxShare: 1 })).toEqual([]);
  });
});

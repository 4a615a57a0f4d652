import type { Commit } from '@signalbox/ports';
import { describe, expect, it } from 'vitest';
import { mergeByTime } from './merge-by-time.js';

const list = (partition: string, ...times: number[]): Commit[] =>
  times.map((time, index) => ({ partition, position: index + 1, time: `2026-01-01T00:00:0${time}.000Z` }) as Commit);
const names = (commits: readonly Commit[]): string[] => commits.map((c) => `${c.partition}${c.position}`);

describe('mergeByTime', () => {
  it('puts the oldest first', () => {
    expect(names(mergeByTime([list('a', 1, 4, 5), list('b', 2, 3, 6)]))).toEqual(['a1', 'b1', 'b2', 'a2', 'a3', 'b3']);
  });

  it("keeps each list's own order, also when its clock went back", () => {
    expect(names(mergeByTime([list('a', 5, 1), list('b', 2, 3)]))).toEqual(['b1', 'b2', 'a1', 'a2']);
  });

  it('prefers the first list when times are equal', () => {
    expect(names(mergeByTime([list('a', 1), list('b', 1)]))).toEqual(['a1', 'b1']);
  });

  it('manages without lists, and with empty ones', () => {
    expect(mergeByTime([])).toEqual([]);
    expect(names(mergeByTime([[], list('a', 1, 2), []]))).toEqual(['a1', 'a2']);
  });
});

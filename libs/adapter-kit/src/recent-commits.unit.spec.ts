import type { Commit } from '@signalbox/ports';
import { describe, expect, it } from 'vitest';
import { RecentCommits } from './recent-commits.js';

const NO_TEXT = {
  stream: 's',
  commitId: 'c',
  actor: 'a',
  correlationId: 'c',
  time: '',
  types: [],
  previousHash: '',
  hash: '',
};

const commit = (partition: string, position: number, bytes = 0): Commit => ({
  ...{ ...NO_TEXT, partition, position, firstVersion: 1, lastVersion: 1 },
  body: 'x'.repeat(bytes),
});

describe('RecentCommits', () => {
  const positions = (
    recent: RecentCommits<Commit>,
    partition: string,
    after: number,
    limit = 100,
  ): number[] | undefined => recent.after(partition, after, limit)?.map((found) => found.position);

  it('gives the commits after a position, of one partition, at most a limit', () => {
    const recent = new RecentCommits<Commit>(1_000_000);
    for (let n = 1; n <= 5; n++) {
      recent.add(commit('a', n));
      recent.add(commit('b', n + 10));
    }
    expect(positions(recent, 'a', 0)).toEqual([1, 2, 3, 4, 5]);
    expect(positions(recent, 'a', 3)).toEqual([4, 5]);
    expect(positions(recent, 'b', 11, 2)).toEqual([12, 13]);
  });

  it('does not answer for what it does not remember: what is before, at the tail, or of another partition', () => {
    const recent = new RecentCommits<Commit>(1_000_000);
    recent.add(commit('a', 7));
    expect(positions(recent, 'a', 5)).toBeUndefined();
    expect(positions(recent, 'a', 7)).toBeUndefined();
    expect(positions(recent, 'b', 0)).toBeUndefined();
    recent.clear();
    expect(positions(recent, 'a', 6)).toBeUndefined();
  });

  it('forgets the oldest when there is no more room, and keeps an unbroken run', () => {
    const recent = new RecentCommits<Commit>(10 * 1024);
    for (let n = 1; n <= 5000; n++) recent.add(commit('a', n));
    expect(positions(recent, 'a', 4990)).toEqual([4991, 4992, 4993, 4994, 4995, 4996, 4997, 4998, 4999, 5000]);
    expect(positions(recent, 'a', 4989)).toBeUndefined();
    recent.add(commit('a', 5001, 3000));
    expect(positions(recent, 'a', 5000)).toEqual([5001]);
    expect(positions(recent, 'a', 4990)).toBeUndefined();
    recent.add(commit('a', 5002, 100_000));
    expect(positions(recent, 'a', 5001)).toBeUndefined();
    recent.add(commit('a', 5003));
    expect(positions(recent, 'a', 5002)).toEqual([5003]);
  });
});

import { expect, it } from 'vitest';
import { RecentKeys } from './recent-keys.js';

it('remembers for a while, and not more than it may', () => {
  const keys = new RecentKeys(2, 100);
  keys.add('a', 0);
  keys.add('b', 10);
  expect([keys.has('a', 100), keys.has('a', 101), keys.has('b', 101)]).toEqual([true, false, true]);
  keys.add('c', 20);
  keys.add('d', 30);
  expect(['b', 'c', 'd'].map((key) => keys.has(key, 50))).toEqual([false, true, true]);
  expect(keys.size).toBe(2);
});

import { expect, it } from 'vitest';
import { BoundedMap } from './bounded-map.js';

it('BoundedMap remembers up to its limit, and forgets rather than grow', () => {
  const map = new BoundedMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  expect([map.get('a'), map.get('b')]).toEqual([1, 2]);
  map.set('c', 3);
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([undefined, undefined, 3]);
});

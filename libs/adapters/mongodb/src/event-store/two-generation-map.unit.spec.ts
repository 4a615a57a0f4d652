import { expect, it } from 'vitest';
import { TwoGenerationMap } from './two-generation-map.js';

it('keeps what is used, forgets the rest, and stays within twice its size', () => {
  const map = new TwoGenerationMap<number>(10);
  map.set('kept', 0);
  for (let n = 1; n <= 100; n++) {
    map.set(`k${n}`, n);
    expect(map.get('kept')).toBe(0);
  }
  const remembered = Array.from({ length: 100 }, (_, n) => map.get(`k${n + 1}`)).filter((value) => value !== undefined);
  expect(remembered.length).toBeLessThanOrEqual(20);
  expect(map.get('k100')).toBe(100);
  map.delete('k100');
  expect(map.get('k100')).toBeUndefined();
  map.clear();
  expect(map.get('kept')).toBeUndefined();
});

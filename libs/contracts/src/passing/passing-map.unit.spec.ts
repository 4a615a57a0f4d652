import { describe, expect, it } from 'vitest';
import { PassingMap } from './passing-map.js';

describe('PassingMap', () => {
  it('is a map', () => {
    const map = new PassingMap<string | number, object>();
    const [one, two] = [{ n: 1 }, { n: 2 }];
    map.set('1', one).set(1, two);
    expect([map.get('1'), map.get(1), map.get('2')]).toEqual([one, two, undefined]);
    expect([map.has('1'), map.has('2')]).toEqual([true, false]);
    expect(map.size).toBe(2);
    expect(map.delete('1')).toBe(true);
    expect(map.delete('1')).toBe(false);
    expect(map.get('1')).toBeUndefined();
    expect(map.values()).toEqual([two]);
  });

  it('replaces a value in its place', () => {
    const map = new PassingMap<string, number>().set('a', 1).set('b', 2).set('a', 3);
    expect(map.values()).toEqual([3, 2]);
    expect(map.oldest).toBe('a');
    expect(map.size).toBe(2);
  });

  it('stays what it is when its table is made anew', () => {
    const map = new PassingMap<number, { readonly of: number }>();
    for (let key = 0; key < 5_000; key++) {
      map.set(key, { of: key });
      if (key >= 8) expect(map.delete(key - 8)).toBe(true);
    }
    expect(map.values().map(({ of }) => of)).toEqual([4992, 4993, 4994, 4995, 4996, 4997, 4998, 4999]);
    expect(map.get(4991)).toBeUndefined();
    expect(map.get(4999)).toEqual({ of: 4999 });
  });

  it('is empty after it was cleared, and takes new entries', () => {
    const map = new PassingMap<string, number>().set('a', 1);
    map.clear();
    expect([map.size, map.get('a'), map.delete('a')]).toEqual([0, undefined, false]);
    expect(map.set('b', 2).values()).toEqual([2]);
  });
});

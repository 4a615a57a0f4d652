import { describe, expect, it } from 'vitest';
import { PassingList } from './passing-list.js';

describe('PassingList', () => {
  it('keeps the order in which items came, whichever goes first', () => {
    const list = new PassingList<string>();
    const [, b, c, d] = ['a', 'b', 'c', 'd'].map((item) => list.add(item));
    list.remove(c!);
    expect(list.all()).toEqual(['a', 'b', 'd']);
    list.remove(d!);
    list.remove(b!);
    list.add('e');
    expect(list.all()).toEqual(['a', 'e']);
    expect(list.size).toBe(2);
    expect(list.oldest).toBe('a');
  });

  it('removes an item once', () => {
    const list = new PassingList<string>();
    const place = list.add('a');
    list.add('b');
    expect(place.taken).toBe(true);
    expect(list.remove(place)).toBe(true);
    expect(place.taken).toBe(false);
    expect(list.remove(place)).toBe(false);
    expect(list.all()).toEqual(['b']);
  });

  it('has the same item as often as it was added', () => {
    const list = new PassingList<string>();
    const first = list.add('a');
    list.add('a');
    list.remove(first);
    expect(list.all()).toEqual(['a']);
  });

  it('gives up its oldest, and those that are over', () => {
    const list = new PassingList<number>();
    for (const item of [1, 2, 3, 4, 5]) list.add(item);
    expect(list.shift()).toBe(1);
    expect(list.removeIf((item) => item % 2 === 1)).toEqual([3, 5]);
    expect(list.all()).toEqual([2, 4]);
    list.clear();
    expect(list.size).toBe(0);
    expect(list.shift()).toBeUndefined();
    expect(list.oldest).toBeUndefined();
  });

  it('takes no harm when items go while a copy of it is read', () => {
    const list = new PassingList<number>();
    const places = [1, 2, 3].map((item) => list.add(item));
    const seen: number[] = [];
    for (const item of list.all()) {
      seen.push(item);
      for (const place of places) list.remove(place);
    }
    expect(seen).toEqual([1, 2, 3]);
    expect(list.size).toBe(0);
  });
});

import { InvalidFilterError, type Query } from '@signalbox/ports';
import { describe, expect, it } from 'vitest';
import { ModelsUnderTest, type ReadModelsHarness } from './models-under-test.js';

const many = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ _id: `d${String(i).padStart(4, '0')}`, n: i, g: i % 3 }));

export function queryContract(harness: ReadModelsHarness): void {
  describe('sorts and pages', () => {
    const test = new ModelsUnderTest(harness);

    it.each([false, true])('sort by MongoDB’s order of types, index: %s', async (indexed) => {
      await test.store([
        { _id: 'true', a: true },
        { _id: 'object', a: { b: 1 } },
        { _id: 'z', a: 'z' },
        { _id: 'a', a: 'a' },
        { _id: 'Z', a: 'Z' },
        { _id: 'ten', a: 10 },
        { _id: 'nine', a: 9.5 },
        { _id: 'false', a: false },
        { _id: 'null', a: null },
        { _id: 'missing' },
      ]);
      if (indexed) await test.models.ensureIndex('things', 'a');
      const ascending = ['missing', 'null', 'nine', 'ten', 'Z', 'a', 'z', 'object', 'false', 'true'];
      expect(await test.ids({ sort: { a: 1 } })).toEqual(ascending);
      // the two without a value are equal, so they stay in the order of their ids
      expect(await test.ids({ sort: { a: -1 } })).toEqual([...ascending.slice(2).reverse(), 'missing', 'null']);
    });

    it('sort by several fields in the order given, ties by _id', async () => {
      await test.store(many(9));
      expect(await test.ids({ sort: { g: -1, n: 1 }, limit: 4 })).toEqual(['d0002', 'd0005', 'd0008', 'd0001']);
      expect(await test.ids({ sort: { g: 1 } })).toEqual([0, 3, 6, 1, 4, 7, 2, 5, 8].map((i) => `d000${i}`));
      expect(await test.ids({ sort: { _id: -1 }, limit: 2 })).toEqual(['d0008', 'd0007']);
      expect(await test.ids({ sort: { g: 1, _id: -1 }, limit: 2 })).toEqual(['d0006', 'd0003']);
    });

    it('sort by dotted paths', async () => {
      await test.store([3, 1, 2].map((n) => ({ _id: `d${n}`, a: { b: { c: n } } })));
      await test.models.ensureIndex('things', 'a.b.c');
      expect(await test.ids({ sort: { 'a.b.c': 1 } })).toEqual(['d1', 'd2', 'd3']);
    });

    it('give 100 documents unless told otherwise, and any page of them', async () => {
      await test.store(many(250));
      expect(await test.ids({})).toHaveLength(100);
      const pages: string[] = [];
      for (let skip = 0; skip < 250; skip += 60) pages.push(...(await test.ids({ sort: { _id: 1 }, skip, limit: 60 })));
      expect(pages).toEqual(many(250).map(({ _id }) => _id));
      expect(await test.ids({ limit: 10_000 })).toHaveLength(250);
      expect(await test.ids({ skip: 1_000 })).toEqual([]);
      expect(await test.models.count('things', { g: 0 })).toBe(84);
    });

    it.each<[Query, RegExp]>([
      [{ limit: 0 }, /limit.*0.*1 to 10000/],
      [{ limit: -1 }, /limit/],
      [{ limit: 10_001 }, /limit/],
      [{ limit: 1.5 }, /limit/],
      [{ limit: NaN }, /limit/],
      [{ skip: -1 }, /skip/],
      [{ skip: 1_000_001 }, /skip/],
      [{ sort: { a: 0 as 1 } }, /sort by a.*1, -1/],
      [{ sort: { 'a.$b': 1 } }, /a\.\$b/],
      [{ sort: { [`a'`]: 1 } }, /quotes/],
      [{ sort: { a: 1, b: 1, c: 1, d: 1, e: 1 } }, /5 fields/],
    ])('refuse %j', async (query, reason) => {
      await expect(test.models.find('things', query)).rejects.toThrow(InvalidFilterError);
      await expect(test.models.find('things', query)).rejects.toThrow(reason);
    });
  });
}

import { InvalidFilterError, type Document, type Filter } from '@signalbox/ports';
import { describe, expect, it } from 'vitest';
import { ModelsUnderTest, type ReadModelsCapabilities, type ReadModelsHarness } from './models-under-test.js';

/** What MongoDB 8 answers for these documents, rule by rule; where mingo differs, this table counts. */
const DOCUMENTS: readonly Document[] = [
  { _id: 'missing' },
  { _id: 'null', a: null },
  { _id: 'zero', a: 0 },
  { _id: 'one', a: 1 },
  { _id: 'half', a: 1.5 },
  { _id: 'empty', a: '' },
  { _id: 'text1', a: '1' },
  { _id: 'text', a: 'text' },
  { _id: 'date', a: '2026-11-21T10:00:00.000Z' },
  { _id: 'true', a: true },
  { _id: 'false', a: false },
  { _id: 'object', a: { b: 1, c: 'x' } },
  { _id: 'object-b-null', a: { b: null } },
  { _id: 'object-empty', a: {} },
  { _id: 'list-empty', a: [] },
  { _id: 'list', a: [1, 'text'] },
  { _id: 'list-null', a: [null] },
  { _id: 'list-list', a: [[1, 'text']] },
  { _id: 'list-objects', a: [{ b: 1 }, { b: 5 }] },
  { _id: 'list-objects-some', a: [{ b: 3 }, {}] },
];

const all = DOCUMENTS.map(({ _id }) => _id);
const allBut = (...ids: string[]): string[] => all.filter((id) => !ids.includes(id));

const CASES: readonly (readonly [Filter, readonly string[]])[] = [
  [{}, all],
  [{ a: 1 }, ['one', 'list']],
  [{ a: { $eq: 1 } }, ['one', 'list']],
  [{ a: '1' }, ['text1']],
  [{ a: 'text' }, ['text', 'list']],
  [{ a: '' }, ['empty']],
  [{ a: true }, ['true']],
  [{ a: false }, ['false']],
  [{ a: null }, ['missing', 'null', 'list-null']],
  [{ a: { $ne: null } }, allBut('missing', 'null', 'list-null')],
  [{ a: { $ne: 1 } }, allBut('one', 'list')],
  [{ a: { $exists: true } }, allBut('missing')],
  [{ a: { $exists: false } }, ['missing']],
  [{ a: { $in: [1, 'text', true] } }, ['one', 'text', 'true', 'list']],
  [{ a: { $in: [null, 0] } }, ['missing', 'null', 'zero', 'list-null']],
  [{ a: { $in: [] } }, []],
  [{ a: { $nin: [] } }, all],
  [{ a: { $nin: [null, 1] } }, allBut('missing', 'null', 'list-null', 'one', 'list')],
  [{ a: { $gt: 0 } }, ['one', 'half', 'list']],
  [{ a: { $gte: 0 } }, ['zero', 'one', 'half', 'list']],
  [{ a: { $lt: 1 } }, ['zero']],
  [{ a: { $lte: 1 } }, ['zero', 'one', 'list']],
  [{ a: { $gt: '' } }, ['text1', 'text', 'date', 'list']],
  [{ a: { $gte: '2026-01-01', $lt: '2027-01-01' } }, ['date']],
  [{ a: { $gte: false } }, ['true', 'false']],
  [{ a: { $gt: false } }, ['true']],
  [{ a: { $lt: true } }, ['false']],
  [{ a: { $not: { $gt: 0 } } }, allBut('one', 'half', 'list')],
  [{ a: { $not: { $exists: true } } }, ['missing']],
  [{ a: { $not: { $not: { $eq: 1 } } } }, ['one', 'list']],
  [{ a: { b: 1, c: 'x' } }, ['object']],
  [{ a: { c: 'x', b: 1 } }, []],
  [{ a: { b: 1 } }, ['list-objects']],
  [{ a: {} }, ['object-empty', 'list-objects-some']],
  [{ a: [] }, ['list-empty']],
  [{ a: [1, 'text'] }, ['list', 'list-list']],
  [{ a: ['text', 1] }, []],
  [{ a: { $in: [[1, 'text'], { b: null }] } }, ['object-b-null', 'list', 'list-list']],
  [{ 'a.b': 1 }, ['object', 'list-objects']],
  [{ 'a.b': { $gt: 4 } }, ['list-objects']],
  [{ 'a.b': { $gt: 1, $lt: 5 } }, ['list-objects', 'list-objects-some']],
  [{ 'a.b': { $exists: true } }, ['object', 'object-b-null', 'list-objects', 'list-objects-some']],
  [{ 'a.b': null }, allBut('object', 'list-empty', 'list', 'list-null', 'list-list', 'list-objects')],
  [{ 'a.b': { $ne: 1 } }, allBut('object', 'list-objects')],
  [{ 'a.0': 1 }, ['list', 'list-list']],
  [{ 'a.1': 'text' }, ['list']],
  [{ 'a.0.b': 1 }, ['list-objects']],
  [{ 'a.1.b': 1 }, []],
  [{ 'a.0': { $exists: true } }, ['list', 'list-null', 'list-list', 'list-objects', 'list-objects-some']],
  [{ 'a.0.0': 1 }, ['list-list']],
  [{ _id: 'one' }, ['one']],
  [{ _id: { $in: ['one', 'zero', 'nobody'] } }, ['zero', 'one']],
  [{ _id: { $gt: 'z' } }, ['zero']],
  [{ _id: 1 }, []],
  [{ a: 1, _id: 'list' }, ['list']],
  [{ $and: [{ a: { $gt: 0 } }, { a: { $lt: 1.2 } }] }, ['one', 'list']],
  [{ $or: [{ a: 0 }, { a: 'text', _id: 'text' }] }, ['zero', 'text']],
  [{ $or: [{ $and: [{ a: 0 }, { _id: 'nobody' }] }, { a: true }] }, ['true']],
  [{ a: { $ne: 'text' }, $or: [{ _id: 'text' }, { _id: 'one' }] }, ['one']],
];

/** Those whose answer depends on `nestedArrayPaths`. */
const NESTED_ARRAY_PATHS: ReadonlySet<string> = new Set(['a.0']);

const not =
  (fields: ReadonlySet<string>) =>
  ([filter]: readonly [Filter, unknown]): boolean =>
    !Object.keys(filter).some((field) => fields.has(field));

const REFUSED: readonly (readonly [Filter, RegExp])[] = [
  [{ a: { $regex: '^x' } }, /\$regex.*\$eq, \$ne, \$gt/],
  [{ a: { $elemMatch: { b: 1 } } }, /\$elemMatch/],
  [{ a: { $gt: 1, $type: 'string' } }, /\$type/],
  [{ a: { $gt: 1, b: 2 } }, /\bb\b/],
  [{ $where: 'sleep(1000)' }, /\$where.*\$and, \$or/],
  [{ $nor: [{ a: 1 }] }, /\$nor/],
  [{ $not: { a: 1 } }, /\$not/],
  [{ $expr: {} }, /\$expr/],
  [{ $and: [] }, /\$and/],
  [{ $or: { a: 1 } as unknown as Filter[] }, /\$or/],
  [{ $or: [1] as unknown as Filter[] }, /1/],
  [{ a: { $in: 1 } }, /\$in/],
  [{ a: { $in: [/x/] } }, /\$in/],
  [{ a: { $in: [{ $gt: 1 }] } }, /\$in/],
  [{ a: { $in: Array.from({ length: 1001 }, (_, i) => i) } }, /1000/],
  [{ a: { $exists: 1 } }, /\$exists.*true or false/],
  [{ a: { $not: 1 } }, /\$not/],
  [{ a: { $not: {} } }, /\$not/],
  [{ a: { $gt: null } }, /\$gt/],
  [{ a: { $gt: [1] } }, /\$gt/],
  [{ a: { $gt: NaN } }, /\$gt.*NaN/],
  [{ a: undefined }, /undefined/],
  [{ a: new Date() }, /Date/],
  [{ a: /x/ }, /RegExp/],
  [{ '': 1 }, /""/],
  [{ 'a..b': 1 }, /a\.\.b/],
  [{ 'a.$b': 1 }, /a\.\$b/],
  [{ [`a') OR 1=1 --`]: 1 }, /quotes/],
  [{ 'a"b': 1 }, /quotes/],
  [{ 'a\u0000': 1 }, /control/],
  [{ [Array.from('abcdefghi').join('.')]: 1 }, /8/],
  [{ ['a'.repeat(201)]: 1 }, /200/],
  [{ $or: Array.from({ length: 101 }, () => ({ a: 1 })) }, /100/],
  [Array.from({ length: 9 }).reduce<Filter>((inner) => ({ $and: [inner] }), { a: 1 }), /nested/],
];

export function filterContract(harness: ReadModelsHarness, { nestedArrayPaths = true }: ReadModelsCapabilities): void {
  describe('filters', () => {
    const test = new ModelsUnderTest(harness);

    for (const indexed of [false, true]) {
      it(`mean what they mean to MongoDB, ${indexed ? 'with' : 'without'} indexes`, async () => {
        await test.store(DOCUMENTS);
        if (indexed) for (const field of ['a', 'a.b', '_id']) await test.models.ensureIndex('things', field);
        for (const [filter, expected] of nestedArrayPaths ? CASES : CASES.filter(not(NESTED_ARRAY_PATHS))) {
          const what = JSON.stringify(filter);
          expect((await test.ids({ filter })).sort(), what).toEqual([...expected].sort());
          expect(await test.models.count('things', filter), what).toBe(expected.length);
        }
      });
    }

    it('treats values as values, whatever is in them', async () => {
      const nasty = [`'; DROP TABLE things; --`, `"`, `\\`, '$gt', '%', '_', '\u0000', '😀', ':p0', '{"a":1}', '[1]'];
      await test.store(nasty.map((text, i) => ({ _id: `d${i}`, a: text, list: [text], [`key-${i} (x)`]: text })));
      for (const [i, text] of nasty.entries()) {
        for (const filter of [{ a: text }, { list: text }, { a: { $in: [text, 'no'] } }, { [`key-${i} (x)`]: text }]) {
          expect(await test.ids({ filter }), JSON.stringify(filter)).toEqual([`d${i}`]);
        }
      }
    });

    it('takes keys that look like something else', async () => {
      const keys = [
        'json',
        'doc',
        'id',
        'value',
        'type',
        'key',
        'rowid',
        '0',
        'a-b',
        'a[0]',
        'ключ',
        '键',
        'a b',
        '*',
        '#',
      ];
      await test.store(keys.map((key, i) => ({ _id: `d${i}`, in: { [key]: [i] } })));
      for (const [i, key] of keys.entries())
        expect(await test.ids({ filter: { [`in.${key}`]: i } }), key).toEqual([`d${i}`]);
    });

    it.each(REFUSED)('refuses %j', async (filter, reason) => {
      for (const attempt of [test.models.find('things', { filter }), test.models.count('things', filter)]) {
        await expect(attempt).rejects.toThrow(InvalidFilterError);
        await expect(attempt).rejects.toThrow(reason);
      }
    });

    it('is quick about a deep path', async () => {
      let value: unknown = [1];
      for (const name of 'hgfedcb') value = [{ [name]: value }];
      await test.store([{ _id: 'deep', a: value }]);
      const started = Date.now();
      expect(await test.ids({ filter: { 'a.b.c.d.e.f.g.h': 1 } })).toEqual(['deep']);
      expect(Date.now() - started).toBeLessThan(1_500);
    });
  });
}

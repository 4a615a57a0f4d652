import { describe, expect, it } from 'vitest';
import { ModelsUnderTest, put, type ReadModelsCapabilities, type ReadModelsHarness } from './models-under-test.js';

export function rebuildContract(harness: ReadModelsHarness, capabilities: ReadModelsCapabilities): void {
  describe('indexes and rebuilds', () => {
    const test = new ModelsUnderTest(harness);
    const live = { projection: 'calls', collections: ['calls', 'totals'] };
    const rebuilt = { projection: 'calls~2', collections: ['calls~2', 'totals~2'] };

    async function storeBoth(): Promise<void> {
      const { models } = test;
      await models.ensureIndex('calls', 'n');
      await models.commit('calls', { p: 5 }, [put({ _id: 'old', n: 1 }, 'calls'), put({ _id: 'sum', n: 1 }, 'totals')]);
      await models.ensureIndex('calls~2', 'n');
      await models.commit('calls~2', { p: 9 }, [
        put({ _id: 'new', n: 2 }, 'calls~2'),
        put({ _id: 'sum', n: 2 }, 'totals~2'),
      ]);
    }

    it('make an index once, before or after there are documents', async () => {
      const { models } = test;
      for (let i = 0; i < 2; i++) await models.ensureIndex('things', 'a.b');
      await test.store([{ _id: 'x', a: { b: 1 } }]);
      await models.ensureIndex('things', 'a.b');
      await models.ensureIndex('things', '_id');
      expect(await test.ids({ filter: { 'a.b': 1 } })).toEqual(['x']);
      await expect(models.ensureIndex('things', `a') --`)).rejects.toThrow(/quotes/);
    });

    it('put the rebuilt collections and the checkpoint in the place of the live ones', async () => {
      await storeBoth();
      await test.models.promote(rebuilt, live);
      expect(await test.models.find('calls')).toEqual([{ _id: 'new', n: 2 }]);
      expect(await test.models.get('totals', 'sum')).toEqual({ _id: 'sum', n: 2 });
      expect(await test.models.checkpoint('calls')).toEqual({ p: 9 });
      expect(await test.models.find('calls~2')).toEqual([]);
      expect(await test.models.checkpoint('calls~2')).toEqual({});
    });

    it('can be repeated: a second rebuild takes the names of the first', async () => {
      for (let i = 1; i <= 3; i++) {
        await storeBoth();
        await test.models.promote(rebuilt, live);
        expect(await test.ids({ filter: { n: { $gte: 2 } } }, 'calls')).toEqual(['new']);
      }
    });

    it('go on with writing after a promotion', async () => {
      await storeBoth();
      await test.models.promote(rebuilt, live);
      await test.models.commit('calls', { p: 10 }, [put({ _id: 'newer', n: 3 }, 'calls')]);
      await test.models.commit('calls~2', { p: 1 }, [put({ _id: 'next', n: 4 }, 'calls~2')]);
      expect(await test.ids({ sort: { n: 1 } }, 'calls')).toEqual(['new', 'newer']);
      expect(await test.ids({}, 'calls~2')).toEqual(['next']);
    });

    it('promote what wrote nothing, and to where nothing was', async () => {
      const { models } = test;
      await models.commit('calls', { p: 1 }, [put({ _id: 'old' }, 'calls')]);
      await models.commit('calls~2', { p: 3 }, []);
      await models.promote(rebuilt, live);
      expect(await models.find('calls')).toEqual([]);
      expect(await models.checkpoint('calls')).toEqual({ p: 3 });
    });

    it('refuse to promote other numbers of collections', async () => {
      await expect(test.models.promote(rebuilt, { ...live, collections: ['calls'] })).rejects.toThrow(/2.*1/);
    });

    if (capabilities.atomic)
      it('promote all or nothing', async () => {
        await storeBoth();
        const broken = { projection: 'calls~2', collections: ['calls~2', 'not a name'] };
        await expect(test.models.promote(broken, live)).rejects.toThrow(/not a name/);
        expect(await test.models.find('calls')).toEqual([{ _id: 'old', n: 1 }]);
        expect(await test.models.find('calls~2')).toEqual([{ _id: 'new', n: 2 }]);
        expect(await test.models.checkpoint('calls')).toEqual({ p: 5 });
      });

    it('drop a projection with its collections and its checkpoint', async () => {
      await storeBoth();
      await test.models.drop('calls~2', rebuilt.collections);
      expect(await test.models.find('calls~2')).toEqual([]);
      expect(await test.models.checkpoint('calls~2')).toEqual({});
      expect(await test.models.find('calls')).toHaveLength(1);
      await test.models.drop('calls~2', rebuilt.collections);
      await storeBoth();
      expect(await test.ids({ filter: { n: 2 } }, 'calls~2')).toEqual(['new']);
    });
  });
}

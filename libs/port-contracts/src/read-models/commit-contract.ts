import { describe, expect, it } from 'vitest';
import { ModelsUnderTest, put, type ReadModelsCapabilities, type ReadModelsHarness } from './models-under-test.js';

export function commitContract(harness: ReadModelsHarness, capabilities: ReadModelsCapabilities): void {
  describe('commit', () => {
    const test = new ModelsUnderTest(harness);

    it('starts with an empty checkpoint and without documents', async () => {
      const { models } = test;
      expect(await models.checkpoint('calls')).toEqual({});
      expect(await models.get('things', 'a')).toBeUndefined();
      expect(await models.getMany('things', ['a'])).toEqual([]);
      expect(await models.find('things', { filter: { a: 1 } })).toEqual([]);
      expect(await models.count('things')).toBe(0);
    });

    it('stores documents and the checkpoint', async () => {
      const { models } = test;
      const document = {
        _id: 'a',
        text: 'ä€😀"\\\u0000',
        n: -1.5e-7,
        big: 2 ** 53,
        list: [1, [], {}],
        none: null,
        yes: true,
      };
      await models.commit('calls', { 'gateway-1': 3, 'entity-0': 12 }, [put(document)]);
      expect(await models.get('things', 'a')).toEqual(document);
      expect(await models.checkpoint('calls')).toEqual({ 'gateway-1': 3, 'entity-0': 12 });
      expect(await models.checkpoint('others')).toEqual({});
    });

    it('replaces documents and checkpoints whole', async () => {
      const { models } = test;
      await models.commit('calls', { p: 1, q: 1 }, [put({ _id: 'a', one: 1 })]);
      await models.commit('calls', { p: 2 }, [put({ _id: 'a', two: 2 })]);
      expect(await models.get('things', 'a')).toEqual({ _id: 'a', two: 2 });
      expect(await models.checkpoint('calls')).toEqual({ p: 2 });
    });

    it('applies writes in order', async () => {
      const { models } = test;
      await models.commit('calls', { p: 1 }, [
        put({ _id: 'a', n: 1 }),
        put({ _id: 'a', n: 2 }),
        { op: 'delete', collection: 'things', id: 'b' },
        put({ _id: 'b' }),
        put({ _id: 'c' }),
        { op: 'delete', collection: 'things', id: 'c' },
        { op: 'delete', collection: 'never-made', id: 'c' },
      ]);
      expect(await models.find('things', { sort: { _id: 1 } })).toEqual([{ _id: 'a', n: 2 }, { _id: 'b' }]);
    });

    it('changes nothing when it is repeated', async () => {
      const { models } = test;
      const writes = [put({ _id: 'a', n: 1 }), { op: 'delete' as const, collection: 'things', id: 'b' }];
      for (let i = 0; i < 3; i++) await models.commit('calls', { p: 5 }, writes);
      expect(await models.find('things')).toEqual([{ _id: 'a', n: 1 }]);
      expect(await models.checkpoint('calls')).toEqual({ p: 5 });
    });

    it('moves a checkpoint without writes', async () => {
      await test.models.commit('calls', { p: 7 }, []);
      expect(await test.models.checkpoint('calls')).toEqual({ p: 7 });
    });

    it('keeps collections apart, capitals included', async () => {
      const { models } = test;
      await models.commit('calls', {}, [put({ _id: 'a', n: 1 }, 'Things'), put({ _id: 'a', n: 2 }, 'things')]);
      expect(await models.get('Things', 'a')).toEqual({ _id: 'a', n: 1 });
      expect(await models.get('things', 'a')).toEqual({ _id: 'a', n: 2 });
    });

    it.each(['', 'a b', 'a"b', "a'b", 'a;drop table checkpoints', 'a$b', 'ä', 'a'.repeat(121)])(
      'refuses the collection name %j',
      async (collection) => {
        await expect(test.models.get(collection, 'a')).rejects.toThrow(/collection/);
        await expect(test.models.commit('calls', {}, [put({ _id: 'a' }, collection)])).rejects.toThrow(/collection/);
      },
    );

    it.each([undefined, null, 1, '', 'x'.repeat(513)])('refuses a document with _id %j', async (id) => {
      await expect(test.models.commit('calls', {}, [put({ _id: id as string })])).rejects.toThrow(/_id/);
    });

    if (capabilities.atomic)
      it('stores nothing of a commit that fails', async () => {
        const { models } = test;
        await models.commit('calls', { p: 1 }, [put({ _id: 'a', n: 1 })]);
        const broken = [put({ _id: 'a', n: 2 }), put({ _id: 'z' }, 'new-things'), put({ _id: '' })];
        await expect(models.commit('calls', { p: 2 }, broken)).rejects.toThrow(/_id/);
        expect(await models.get('things', 'a')).toEqual({ _id: 'a', n: 1 });
        expect(await models.get('new-things', 'z')).toBeUndefined();
        expect(await models.checkpoint('calls')).toEqual({ p: 1 });
        await models.commit('calls', { p: 2 }, [put({ _id: 'z' }, 'new-things')]);
        expect(await models.get('new-things', 'z')).toEqual({ _id: 'z' });
      });

    if (capabilities.persistent)
      it('keeps documents and checkpoints', async () => {
        await test.models.commit('calls', { p: 1 }, [put({ _id: 'a', n: 1 })]);
        await test.reopen();
        expect(await test.models.get('things', 'a')).toEqual({ _id: 'a', n: 1 });
        expect(await test.models.checkpoint('calls')).toEqual({ p: 1 });
      });

    it('gets many in the order asked for, each once, without those that are not there', async () => {
      await test.store([{ _id: 'a' }, { _id: 'b' }, { _id: `c'"` }]);
      const found = await test.models.getMany('things', [`c'"`, 'x', 'a', `c'"`]);
      expect(found).toEqual([{ _id: `c'"` }, { _id: 'a' }]);
      expect(await test.models.getMany('things', [])).toEqual([]);
    });

    it('answers pings until it is closed', async () => {
      await expect(test.models.ping()).resolves.toBeUndefined();
      await test.models.close();
      await expect(test.models.ping()).rejects.toThrow();
      await expect(test.models.get('things', 'a')).rejects.toThrow();
      await test.models.close();
    });
  });
}

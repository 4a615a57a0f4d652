import type { Document } from '@signalbox/ports';
import { describeWithServers } from '@signalbox/testing';
import { MongoClient } from 'mongodb';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { databasePerTest } from '../../test/database-per-test.js';
import { MongoReadModels } from './mongo-read-models.js';

describeWithServers(['MONGODB_URL'], 'a promotion that broke off', (url) => {
  const places = databasePerTest(url);
  const live = { projection: 'calls', collections: ['calls', 'totals'] };
  const rebuilt = { projection: 'calls~2', collections: ['calls~2', 'totals~2'] };
  let place: string;
  let client: MongoClient;
  let models: MongoReadModels;
  const put = (collection: string, document: Document) => ({ op: 'put', collection, document }) as const;
  beforeEach(async () => {
    place = await places.newPlace();
    client = new MongoClient(place);
    models = await MongoReadModels.open(place);
    await models.ensureIndex('calls', 'n');
    await models.commit('calls', { p: 5 }, [put('calls', { _id: 'old' }), put('totals', { _id: 'old' })]);
    await models.commit('calls~2', { p: 9 }, [put('calls~2', { _id: 'new' }), put('totals~2', { _id: 'new' })]);
  });
  afterEach(async () => {
    await Promise.all([models.close(), client.close()]);
    await places.removePlace(place);
  });

  async function expectPromoted(): Promise<void> {
    for (const collection of live.collections) expect(await models.find(collection)).toEqual([{ _id: 'new' }]);
    expect(await models.checkpoint('calls')).toEqual({ p: 9 });
    expect(await models.checkpoint('calls~2')).toEqual({});
  }

  it('is finished by the next try, whatever was renamed already', async () => {
    const checkpoints = client.db().collection<{ _id: string }>('read_model_checkpoints');
    await checkpoints.updateOne({ _id: 'calls~2' }, { $set: { promoting: true } });
    await client.db().renameCollection('rm_calls~2', 'rm_calls', { dropTarget: true });
    await models.promote(rebuilt, live);
    await expectPromoted();
  });

  it('that was finished, though nobody heard of it, changes nothing when it is tried again', async () => {
    await models.promote(rebuilt, live);
    await models.promote(rebuilt, live);
    await expectPromoted();
  });

  it('keeps the indexes of the live collections', async () => {
    await models.promote(rebuilt, live);
    const indexes = await client.db().collection('rm_calls').indexes();
    expect(indexes.map(({ key }) => key)).toContainEqual({ n: 1, _id: 1 });
  });
});

import { blobStoreContract } from '@signalbox/port-contracts';
import { BlobCorruptError } from '@signalbox/ports';
import { describeWithServers } from '@signalbox/testing';
import { Binary, MongoClient } from 'mongodb';
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { databasePerTest } from '../../test/database-per-test.js';
import { MongoBlobStore } from './mongo-blob-store.js';

describeWithServers(['MONGODB_URL'], 'on a real server', (url) => {
  const places = databasePerTest(url);
  blobStoreContract('MongoBlobStore', { ...places, open: (place) => MongoBlobStore.open(place) }, { persistent: true });

  it('keeps what is larger than a document, and refuses to hand out changed bytes', async () => {
    const place = await places.newPlace();
    const store = await MongoBlobStore.open(place);
    const client = new MongoClient(place);
    try {
      const bytes = randomBytes(20_000_000);
      const name = await store.put(bytes);
      expect(Buffer.from((await store.get(name))!).equals(bytes)).toBe(true);
      const chunks = client.db().collection<{ _id: string }>('blob_chunks');
      expect(await chunks.countDocuments()).toBe(3);
      await chunks.updateOne({ _id: `${name}/000001` }, { $set: { bytes: new Binary(Buffer.from('changed')) } });
      await expect(store.get(name)).rejects.toThrow(BlobCorruptError);
    } finally {
      await store.close();
      await client.close();
      await places.removePlace(place);
    }
  });
});

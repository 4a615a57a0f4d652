import { instanceLeasesContract } from '@signalbox/port-contracts';
import { describeWithServers } from '@signalbox/testing';
import { MongoClient } from 'mongodb';
import { expect, it } from 'vitest';
import { databasePerTest } from '../../test/database-per-test.js';
import { MongoInstanceLeases } from './mongo-instance-leases.js';

describeWithServers(['MONGODB_URL'], 'on a real server', (url) => {
  const places = databasePerTest(url);
  instanceLeasesContract(
    'MongoInstanceLeases',
    { ...places, open: (place) => MongoInstanceLeases.open(place) },
    { shared: true },
  );

  it('tells a holder that another process has taken its name', async () => {
    const place = await places.newPlace();
    const leases = await MongoInstanceLeases.open(place);
    const client = new MongoClient(place);
    try {
      const lease = await leases.acquire('gateway', { ttlMs: 1_000 });
      const [found] = await client.db().collection<{ _id: string }>('leases').find().toArray();
      const epochs = Array.from({ length: 5 }, (_, n) => lease.epoch + 1 + n);
      await client
        .db()
        .collection<{ _id: string }>('leases')
        .insertMany(
          epochs.map((epoch) => ({
            ...found!,
            _id: `lease:gateway-1:${String(epoch).padStart(12, '0')}`,
            owner: 'x',
            epoch,
          })),
        );
      expect(await lease.lost).toBe('gateway-1 was taken over by another process');
    } finally {
      await leases.close();
      await client.close();
      await places.removePlace(place);
    }
  });
});

import { describeWithServers, ToxicWay, waitFor } from '@signalbox/testing';
import { expect, it } from 'vitest';
import { databasePerTest } from '../../test/database-per-test.js';
import { MongoInstanceLeases } from './mongo-instance-leases.js';

describeWithServers(['MONGODB_URL', 'TOXIPROXY_URL'], 'MongoInstanceLeases on a bad network', (url, toxiproxy) => {
  const places = databasePerTest(url);

  it.each(['cut', 'swallow', 'swallowAnswers'] as const)(
    'survives a network that is %s for a while, and loses the name in time when it is for long',
    async (trouble) => {
      const place = await places.newPlace();
      const way = await ToxicWay.to(toxiproxy, url);
      const far = await MongoInstanceLeases.open(way.through(place));
      const near = await MongoInstanceLeases.open(place);
      try {
        const ttlMs = 5_000;
        const lease = await far.acquire('gateway', { ttlMs });
        let lostAt: number | undefined;
        void lease.lost.then(() => (lostAt = performance.now()));
        await way[trouble]();
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        await way.restore();
        const epoch = lease.epoch;
        await waitFor(() => lease.epoch > epoch, { timeoutMs: 10_000, what: 'a renewal' });
        expect(lostAt).toBeUndefined();

        await way[trouble]();
        const cut = performance.now();
        const free = await waitFor(async () => (await near.holders()).every(({ live }) => !live), {
          timeoutMs: 20_000,
          what: 'the end of the lease',
        });
        expect(free).toBe(true);
        // one answer may have been lost: the holder counts from before its last confirmed renewal
        expect(lostAt).toBeDefined();
        expect(lostAt! - cut).toBeLessThan(ttlMs + 500);
        expect(await lease.lost).toMatch(/gateway-1 could not be renewed for 5000 ms/);
        expect((await near.acquire('gateway')).name).toBe('gateway-1');
      } finally {
        await Promise.all([far.close(), near.close()]);
        await way.close();
        await places.removePlace(place);
      }
    },
  );
});

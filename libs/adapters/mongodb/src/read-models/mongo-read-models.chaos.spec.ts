import { StoreUnavailableError } from '@signalbox/ports';
import { describeWithServers, ToxicWay, waitFor } from '@signalbox/testing';
import { expect, it } from 'vitest';
import { databasePerTest } from '../../test/database-per-test.js';
import { MongoReadModels } from './mongo-read-models.js';

describeWithServers(['MONGODB_URL', 'TOXIPROXY_URL'], 'MongoReadModels on a bad network', (url, toxiproxy) => {
  const places = databasePerTest(url);

  it.each(['cut', 'swallow', 'swallowAnswers'] as const)(
    'never have a checkpoint without its writes, fail promptly, and go on by themselves: %s',
    async (trouble) => {
      const place = await places.newPlace();
      const way = await ToxicWay.to(toxiproxy, url);
      const models = await MongoReadModels.open(way.through(place));
      const direct = await MongoReadModels.open(place);
      const failures: { error: unknown; ms: number }[] = [];
      let position = 0;
      let going = true;
      const projecting = (async () => {
        while (going) {
          const next = position + 1;
          const started = performance.now();
          try {
            await models.commit('calls', { p: next }, [
              { op: 'put', collection: 'calls', document: { _id: `c${next}`, n: next } },
              { op: 'put', collection: 'newest', document: { _id: 'newest', n: next } },
            ]);
            position = next;
          } catch (error) {
            failures.push({ error, ms: performance.now() - started });
          }
        }
      })();
      try {
        await waitFor(() => position > 20, { timeoutMs: 20_000 });
        await way[trouble]();
        await waitFor(() => failures.length > 0, { timeoutMs: 20_000 });
        await way.restore();
        const before = position;
        await waitFor(() => position > before + 20, { timeoutMs: 10_000, what: 'commits after the outage' });
        going = false;
        await projecting;
        for (const { error } of failures) expect(error).toBeInstanceOf(StoreUnavailableError);
        expect(Math.max(...failures.map(({ ms }) => ms))).toBeLessThan(13_000);
        expect(await direct.checkpoint('calls')).toEqual({ p: position });
        expect(await direct.count('calls')).toBe(position);
        expect(await direct.get('newest', 'newest')).toEqual({ _id: 'newest', n: position });
        await models.ping();
      } finally {
        going = false;
        await projecting;
        await Promise.all([models.close(), direct.close()]);
        await way.close();
        await places.removePlace(place);
      }
    },
  );
});

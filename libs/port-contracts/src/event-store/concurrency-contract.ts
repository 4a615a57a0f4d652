import { VersionConflictError } from '@signalbox/ports';
import { describe, expect, it } from 'vitest';
import type { EventStoreHarness } from './event-store-contract.js';
import { aCommit, anEvent, LogUnderTest, readAll, rejectionOf, streamIn } from './log-under-test.js';

export function concurrencyContract(harness: EventStoreHarness): void {
  describe('concurrent appends', () => {
    const log = new LogUnderTest(harness);

    it('lets exactly one of 200 create a stream', async () => {
      const stream = streamIn('p-1', 'A');
      const results = await Promise.allSettled(
        Array.from({ length: 200 }, (_, n) =>
          log.store.append(aCommit({ stream, expectedVersion: 0, events: [anEvent('test.happened', { n })] })),
        ),
      );
      const won = results.flatMap((result, n) => (result.status === 'fulfilled' ? [n] : []));
      const lost = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
      expect(won).toHaveLength(1);
      for (const error of lost) {
        expect(error).toBeInstanceOf(VersionConflictError);
        expect(error).toMatchObject({ actual: 1 });
      }
      const events = await log.store.readStream(stream);
      expect(events.map((event) => event.data)).toEqual([{ n: won[0] }]);
      expect(await readAll(log.store, 'p-1')).toHaveLength(1);
    });

    it('lets 200 appenders with retries all get in, without gaps in versions or positions', async () => {
      const stream = streamIn('p-1', 'A');
      const appendWithRetry = async (n: number): Promise<void> => {
        for (let version = 0; ;) {
          const request = aCommit({ stream, expectedVersion: version, events: [anEvent('test.happened', { n })] });
          try {
            await log.store.append(request);
            return;
          } catch (error) {
            if (!(error instanceof VersionConflictError)) throw error;
            version = error.actual;
          }
        }
      };
      await Promise.all(Array.from({ length: 200 }, (_, n) => appendWithRetry(n)));
      const events = await log.store.readStream(stream);
      expect(events.map((event) => event.streamVersion)).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
      expect(new Set(events.map((event) => (event.data as unknown as { n: number }).n)).size).toBe(200);
      expect((await readAll(log.store, 'p-1')).map((commit) => commit.position)).toEqual(
        Array.from({ length: 200 }, (_, n) => n + 1),
      );
    });

    it('stores appends of all partitions in the order they were made, if it says so', async () => {
      // more than one group commit takes of one partition, so that an order kept by chance would break
      const requests = Array.from({ length: 400 }, (_, n) => streamIn(n % 5 === 0 ? 'p-b' : 'p-a', `S${n}`));
      const settled: number[] = [];
      await Promise.all(requests.map((stream, n) => log.store.append(aCommit({ stream })).then(() => settled.push(n))));
      const streams = (await log.store.find({ limit: 1000 })).items.map(({ event }) => event.stream);
      if (log.store.storesInOrder) {
        expect(streams).toEqual(requests);
        expect(settled).toEqual(requests.map((_, n) => n));
      }
      for (const partition of ['p-a', 'p-b']) {
        const of = (all: string[]): string[] => all.filter((stream) => stream.includes(partition));
        expect(of(streams)).toEqual(of(requests));
      }
    });

    it('takes many appends to many streams in several partitions, each partition without gaps', async () => {
      const results = await Promise.all(
        Array.from({ length: 600 }, (_, n) =>
          log.store.append(aCommit({ stream: streamIn(`p-${n % 3}`, `S${n % 60}`), expectedVersion: 'any' })),
        ),
      );
      for (const partition of ['p-0', 'p-1', 'p-2']) {
        const positions = results.filter((result) => result.partition === partition).map((result) => result.position);
        expect(positions).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
        expect((await readAll(log.store, partition)).map((commit) => commit.position)).toEqual(positions);
      }
    });

    it('shows a reader only a prefix of the log, whatever is appended meanwhile', async () => {
      const appends = Promise.all(
        Array.from({ length: 400 }, (_, n) => log.store.append(aCommit({ stream: streamIn('p-1', `S${n}`) }))),
      );
      let seen = 0;
      while (seen < 400) {
        for (const commit of await log.store.readPartition('p-1', seen, 50)) expect(commit.position).toBe(++seen);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await appends;
    });

    it('finds what an append resolved for at once', async () => {
      for (let n = 1; n <= 20; n++) {
        const { position } = await log.store.append(aCommit({ stream: streamIn('p-1', `S${n}`) }));
        expect(await log.store.readPartition('p-1', position - 1)).toHaveLength(1);
        expect(await log.store.readStream(streamIn('p-1', `S${n}`))).toHaveLength(1);
        expect((await log.store.find({ stream: streamIn('p-1', `S${n}`) })).items).toHaveLength(1);
      }
    });

    it('answers a conflict with a version that a retry succeeds with', async () => {
      await log.store.append(aCommit({ events: [anEvent(), anEvent(), anEvent()] }));
      const error = (await rejectionOf(log.store.append(aCommit({ expectedVersion: 0 })))) as VersionConflictError;
      expect(await log.store.append(aCommit({ expectedVersion: error.actual }))).toMatchObject({ firstVersion: 4 });
    });
  });
}

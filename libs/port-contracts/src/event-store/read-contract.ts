import { describe, expect, it } from 'vitest';
import type { EventStoreHarness } from './event-store-contract.js';
import { aCommit, anEvent, LogUnderTest, readAll, streamIn } from './log-under-test.js';

export function readContract(harness: EventStoreHarness): void {
  describe('reading', () => {
    const log = new LogUnderTest(harness);
    const stream = streamIn('p-1', 'A');

    async function appendSizes(...sizes: number[]): Promise<void> {
      let n = 0;
      for (const size of sizes) {
        const events = Array.from({ length: size }, () => anEvent('test.happened', { n: ++n }));
        await log.store.append(aCommit({ stream, events }));
      }
    }
    const numbers = async (options?: { fromVersion?: number; limit?: number }): Promise<number[]> =>
      (await log.store.readStream(stream, options)).map((event) => (event.data as unknown as { n: number }).n);

    it('gives the events of a stream with everything that is known of them', async () => {
      const event = anEvent('test.happened', { deep: { list: [1, null, true] } });
      const metadata = { actor: 'a-1', correlationId: 'c', causationId: 'cause', traceparent: 'trace' };
      const { time } = await log.store.append(aCommit({ stream, events: [anEvent(), event], metadata }));
      expect((await log.store.readStream(stream))[1]).toEqual({
        ...event,
        ...metadata,
        stream,
        streamVersion: 2,
        partition: 'p-1',
        position: 1,
        index: 1,
        time,
      });
    });

    it('reads a stream from a version on, also from the middle of a commit, and at most a limit', async () => {
      await appendSizes(1, 3, 1, 2);
      expect(await numbers()).toEqual([1, 2, 3, 4, 5, 6, 7]);
      expect(await numbers({ fromVersion: 3 })).toEqual([3, 4, 5, 6, 7]);
      expect(await numbers({ fromVersion: 3, limit: 3 })).toEqual([3, 4, 5]);
      expect(await numbers({ limit: 2 })).toEqual([1, 2]);
      expect(await numbers({ fromVersion: 8 })).toEqual([]);
    });

    it('knows no events of a stream that does not exist', async () => {
      expect(await log.store.readStream('nothing-1')).toEqual([]);
      expect(await log.store.readPartition('nowhere', 0)).toEqual([]);
      expect(await log.store.partitions()).toEqual([]);
    });

    it('reads a partition behind a position, at most a limit, and nothing at the tail', async () => {
      await appendSizes(1, 1, 1, 1, 1);
      const positions = async (after: number, limit?: number): Promise<number[]> =>
        (await log.store.readPartition('p-1', after, limit)).map((commit) => commit.position);
      expect(await positions(0)).toEqual([1, 2, 3, 4, 5]);
      expect(await positions(2, 2)).toEqual([3, 4]);
      expect(await positions(4)).toEqual([5]);
      expect(await positions(5)).toEqual([]);
      expect(await positions(9)).toEqual([]);
    });

    it('reads at most 512 commits at a time when nobody says how many', async () => {
      await Promise.all(
        Array.from({ length: 520 }, (_, n) => log.store.append(aCommit({ stream: streamIn('p-1', `S${n}`) }))),
      );
      expect(await log.store.readPartition('p-1', 0)).toHaveLength(512);
      expect(await readAll(log.store, 'p-1')).toHaveLength(520);
    });

    it('lists all partitions with their newest commit', async () => {
      await appendSizes(1, 1);
      await log.store.append(aCommit({ stream: streamIn('p-2', 'B') }));
      const heads = await log.store.partitions();
      expect(heads.map(({ partition, position }) => `${partition}:${position}`).sort()).toEqual(['p-1:2', 'p-2:1']);
      for (const { partition, position, hash } of heads) {
        expect((await log.store.readPartition(partition, position - 1))[0]!.hash).toBe(hash);
      }
    });
  });
}

import { ClaimConflictError, VersionConflictError, type EventStore } from '@signalbox/ports';
import { describe, expect, it, vi } from 'vitest';
import type { EventStoreCapabilities, EventStoreHarness } from './event-store-contract.js';
import { aCommit, anEvent, LogUnderTest, readAll, rejectionOf, streamIn } from './log-under-test.js';

export function sharedContract(harness: EventStoreHarness, { wakeUpMs }: EventStoreCapabilities): void {
  describe('two stores on one log', () => {
    const log = new LogUnderTest(harness);

    it('sees at once what the other one stored', async () => {
      const other = await log.open();
      for (let n = 1; n <= 10; n++) {
        const [writer, reader] = n % 2 ? [log.store, other] : [other, log.store];
        const { position } = await writer.append(aCommit({ stream: streamIn('p-1', 'A'), expectedVersion: n - 1 }));
        expect(position).toBe(n);
        expect(await reader.readPartition('p-1', n - 1)).toHaveLength(1);
        expect(await reader.readStream(streamIn('p-1', 'A'))).toHaveLength(n);
        expect((await reader.find({ stream: streamIn('p-1', 'A') })).items).toHaveLength(n);
        expect(await reader.partitions()).toMatchObject([{ partition: 'p-1', position: n }]);
      }
    });

    it('refuses what conflicts with what the other one stored', async () => {
      const other = await log.open();
      const request = aCommit({ expectedVersion: 0, commitId: 'mine', claims: ['key'] });
      const first = await log.store.append(request);
      expect(await rejectionOf(other.append(aCommit({ expectedVersion: 0 })))).toBeInstanceOf(VersionConflictError);
      expect(await rejectionOf(other.append(aCommit({ claims: ['key'] })))).toBeInstanceOf(ClaimConflictError);
      expect(await other.append(request)).toEqual({ ...first, replayed: true });
      await other.append(aCommit({ expectedVersion: 1 }));
      expect(await rejectionOf(log.store.append(aCommit({ expectedVersion: 1 })))).toMatchObject({ actual: 2 });
    });

    it('wakes its listeners when the other one stored something', async () => {
      const other = await log.open();
      let calls = 0;
      other.onCommitted(() => calls++);
      await log.store.append(aCommit());
      await vi.waitFor(() => expect(calls).toBeGreaterThan(0), { timeout: wakeUpMs + 2000 });
    });

    it('keeps one chain without gaps when both append to the same partitions and streams', async () => {
      const other = await log.open();
      const work = async (store: EventStore, who: string): Promise<number> => {
        let stored = 0;
        for (let round = 0; round < 20; round++) {
          const results = await Promise.allSettled(
            Array.from({ length: 10 }, (_, n) =>
              store.append(
                aCommit({
                  stream: streamIn(`p-${n % 2}`, `S${n % 3}`),
                  expectedVersion: n % 4 === 0 ? round : 'any',
                  events: [anEvent('test.happened', { who, round, n })],
                }),
              ),
            ),
          );
          stored += results.filter((result) => result.status === 'fulfilled').length;
          for (const result of results) {
            if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(VersionConflictError);
          }
        }
        return stored;
      };
      const counts = await Promise.all([work(log.store, 'one'), work(other, 'two')]);
      let commits = 0;
      for (const partition of ['p-0', 'p-1']) {
        const mine = await readAll(log.store, partition);
        const theirs = await readAll(other, partition);
        expect(theirs.map((commit) => ({ ...commit }))).toEqual(mine.map((commit) => ({ ...commit })));
        mine.forEach((commit, index) => {
          expect(commit.position).toBe(index + 1);
          expect(commit.previousHash).toBe(mine[index - 1]?.hash ?? '');
        });
        commits += mine.length;
      }
      expect(commits).toBe(counts[0] + counts[1]);
      expect(counts[0]).toBeGreaterThan(0);
      expect(counts[1]).toBeGreaterThan(0);
    });
  });
}

import { ClaimConflictError } from '@signalbox/ports';
import { describe, expect, it } from 'vitest';
import type { EventStoreHarness } from './event-store-contract.js';
import { aCommit, LogUnderTest, rejectionOf, streamIn } from './log-under-test.js';

export function claimContract(harness: EventStoreHarness): void {
  describe('claims', () => {
    const log = new LogUnderTest(harness);

    it('names the holder of a key', async () => {
      expect(await log.store.claimHolder('attempt:1:1')).toBeUndefined();
      const { time } = await log.store.append(aCommit({ commitId: 'mine', claims: ['attempt:1:1', 'other'] }));
      const holder = { key: 'attempt:1:1', actor: 'tester-1', commitId: 'mine', time };
      expect(await log.store.claimHolder('attempt:1:1')).toEqual(holder);
      expect(await log.store.claimHolder('other')).toEqual({ ...holder, key: 'other' });
    });

    it('refuses a key that is taken, in whatever partition, and stores nothing of the commit', async () => {
      const { time } = await log.store.append(
        aCommit({ stream: streamIn('p-1', 'A'), commitId: 'mine', claims: ['key'] }),
      );
      const metadata = { actor: 'tester-2', correlationId: 'c' };
      const error = await rejectionOf(
        log.store.append(
          aCommit({ stream: streamIn('p-2', 'B'), expectedVersion: 0, claims: ['free', 'key'], metadata }),
        ),
      );
      expect(error).toBeInstanceOf(ClaimConflictError);
      expect(error).toMatchObject({ key: 'key', holder: { key: 'key', actor: 'tester-1', commitId: 'mine', time } });
      expect(await log.store.readStream(streamIn('p-2', 'B'))).toEqual([]);
      expect(await log.store.claimHolder('free')).toBeUndefined();
      expect(await log.store.append(aCommit({ stream: streamIn('p-2', 'B'), claims: ['free'] }))).toMatchObject({
        position: 1,
        firstVersion: 1,
      });
    });

    it('gives a key to exactly one of 100 that want it', async () => {
      const results = await Promise.allSettled(
        Array.from({ length: 100 }, (_, n) =>
          log.store.append(
            aCommit({ stream: streamIn(`p-${n % 4}`, `S${n}`), commitId: `c-${n}`, claims: ['the-one'] }),
          ),
        ),
      );
      const winners = results.flatMap((result, n) => (result.status === 'fulfilled' ? [`c-${n}`] : []));
      expect(winners).toHaveLength(1);
      expect(await log.store.claimHolder('the-one')).toMatchObject({ commitId: winners[0] });
      const heads = await log.store.partitions();
      expect(heads.reduce((sum, head) => sum + head.position, 0)).toBe(1);
    });

    it('does not take keys for a commit whose version is refused', async () => {
      await rejectionOf(log.store.append(aCommit({ expectedVersion: 5, claims: ['key'] })));
      expect(await log.store.claimHolder('key')).toBeUndefined();
    });

    it('does not let a commit that names a key twice leave anything behind', async () => {
      await rejectionOf(log.store.append(aCommit({ claims: ['twice', 'twice'] })));
      expect(await log.store.claimHolder('twice')).toBeUndefined();
      expect(await log.store.readStream('thing-1')).toEqual([]);
    });
  });
}

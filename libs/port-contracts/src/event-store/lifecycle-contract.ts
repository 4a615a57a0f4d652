import { StoreUnavailableError } from '@signalbox/ports';
import { describe, expect, it, vi } from 'vitest';
import type { EventStoreCapabilities, EventStoreHarness } from './event-store-contract.js';
import { aCommit, LogUnderTest, readAll, rejectionOf, streamIn } from './log-under-test.js';

export function lifecycleContract(harness: EventStoreHarness, { persistent }: EventStoreCapabilities): void {
  describe('waking, closing and opening', () => {
    const log = new LogUnderTest(harness);

    it('wakes its listeners after a commit, until they end it', async () => {
      let calls = 0;
      const end = log.store.onCommitted(() => calls++);
      await log.store.append(aCommit());
      await vi.waitFor(() => expect(calls).toBeGreaterThan(0));
      end();
      calls = 0;
      await log.store.append(aCommit());
      await log.store.ping();
      expect(calls).toBe(0);
    });

    it('shows a woken listener the commit', async () => {
      const seen = new Promise<number>((resolve) => {
        log.store.onCommitted(() => {
          void log.store.readPartition('p-1', 0).then((commits) => {
            if (commits.length > 0) resolve(commits[0]!.position);
          });
        });
      });
      await log.store.append(aCommit({ stream: streamIn('p-1', 'A') }));
      expect(await seen).toBe(1);
    });

    it('answers a ping while it is open', async () => {
      await log.store.ping();
      await log.store.close();
      expect(await rejectionOf(log.store.ping())).toBeInstanceOf(StoreUnavailableError);
    });

    it('stores what it accepted before it closes, and accepts nothing after', async () => {
      const accepted = Array.from({ length: 200 }, (_, n) =>
        log.store.append(aCommit({ stream: streamIn('p-1', `S${n}`) })),
      );
      const closed = log.store.close();
      const late = rejectionOf(log.store.append(aCommit()));
      expect(await Promise.all(accepted)).toHaveLength(200);
      await Promise.all([closed, log.store.close()]);
      expect(await late).toBeInstanceOf(StoreUnavailableError);
      expect(await rejectionOf(log.store.append(aCommit()))).toBeInstanceOf(StoreUnavailableError);
      expect(await rejectionOf(log.store.readPartition('p-1', 0))).toBeInstanceOf(StoreUnavailableError);
      expect(await rejectionOf(log.store.find({}))).toBeInstanceOf(StoreUnavailableError);
    });

    if (persistent)
      it('finds everything again after it was closed and opened, and goes on from there', async () => {
        const stream = streamIn('p-1', 'A');
        const request = aCommit({ stream, expectedVersion: 0, commitId: 'first', claims: ['key'] });
        const first = await log.store.append(request);
        await log.store.append(aCommit({ stream: 'resource-notes-1' }));
        const before = await log.store.find({});
        const [commit] = await readAll(log.store, 'p-1');
        const store = await log.reopen();
        expect(await store.find({})).toEqual(before);
        expect({ ...(await readAll(store, 'p-1'))[0] }).toEqual({ ...commit });
        expect(await store.claimHolder('key')).toMatchObject({ commitId: 'first' });
        expect(await store.append(request)).toEqual({ ...first, replayed: true });
        const next = await store.append(aCommit({ stream, expectedVersion: 1 }));
        expect(next).toMatchObject({ position: 2, firstVersion: 2 });
        expect(next.time >= first.time).toBe(true);
        expect((await readAll(store, 'p-1'))[1]!.previousHash).toBe(commit!.hash);
        expect(await store.append(aCommit({ stream: 'resource-notes-1' }))).toMatchObject({ lastVersion: 2 });
      });
  });
}

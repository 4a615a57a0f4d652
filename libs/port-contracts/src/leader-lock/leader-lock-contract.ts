import { describe, expect, it } from 'vitest';
import { LockUnderTest, type LeaderLockCapabilities, type LeaderLockHarness } from './lock-under-test.js';

export type { LeaderLockCapabilities, LeaderLockHarness } from './lock-under-test.js';

/**
 * The contract of `LeaderLock` as tests. An adapter binds it in its own spec file:
 * `leaderLockContract('MyLock', harness, capabilities)`. In every test at most one candidate may lead at any time.
 */
export function leaderLockContract(
  name: string,
  harness: LeaderLockHarness,
  capabilities: LeaderLockCapabilities,
): void {
  describe(`${name} as a leader lock`, () => {
    const test = new LockUnderTest(harness, capabilities);

    it('elects the only candidate, and says who leads', async () => {
      expect(await test.lock.leader(test.name)).toBeUndefined();
      const only = test.campaign();
      expect(only.leads, 'elected before campaign returned').toBe(false);
      await test.leaderOf([only]);
      await test.eventually(async () => expect(await test.lock.leader(test.name)).toBe(only.id));
    });

    it('elects one of many, and keeps it', async () => {
      const candidates = Array.from({ length: 5 }, () => test.campaign());
      const leader = await test.leaderOf(candidates);
      for (const other of candidates) if (other !== leader) await other.resign();
      expect(leader.leads).toBe(true);
      expect(test.elections).toEqual([leader.id]);
      expect(candidates.flatMap(({ reasons }) => reasons)).toEqual([]);
    });

    it('elects the next one when the leader resigns, each with a higher term', async () => {
      let candidates = Array.from({ length: 4 }, () => test.campaign());
      const terms: number[] = [];
      while (candidates.length > 0) {
        const leader = await test.leaderOf(candidates);
        terms.push(leader.terms[0]!);
        await leader.resign();
        expect(leader.leads, 'deposed when resign has resolved').toBe(false);
        expect(leader.reasons).toHaveLength(1);
        candidates = candidates.filter((candidate) => candidate !== leader);
      }
      expect(new Set(test.elections).size).toBe(4);
      expect(terms).toEqual(terms.toSorted((a, b) => a - b));
      expect(new Set(terms).size).toBe(4);
      await test.eventually(async () => expect(await test.lock.leader(test.name)).toBeUndefined());
    });

    it('tells nothing to who has resigned', async () => {
      const leader = test.campaign();
      await test.leaderOf([leader]);
      const gone = test.campaign();
      await gone.resign();
      await gone.resign();
      await leader.resign();
      const next = test.campaign();
      await test.leaderOf([next]);
      expect(gone.terms).toEqual([]);
      expect(gone.reasons).toEqual([]);
      expect(leader.terms).toHaveLength(1);
    });

    it('has a leader for each name', async () => {
      const [a, b] = [test.campaign(test.lock, `${test.name}a`), test.campaign(test.lock, `${test.name}b`)];
      await test.eventually(async () => {
        expect(await test.lock.leader(`${test.name}a`)).toBe(a.id);
        expect(await test.lock.leader(`${test.name}b`)).toBe(b.id);
        // who holds the lock may not have been told yet
        expect([a.leads, b.leads]).toEqual([true, true]);
      });
    });

    it('goes on when a listener throws', async () => {
      const broken = test.lock.campaign(test.name, 'broken', {
        elected: () => {
          throw new Error('broken listener');
        },
        deposed: () => {
          throw new Error('broken listener');
        },
      });
      await test.eventually(async () => expect(await test.lock.leader(test.name)).toBe('broken'));
      const next = test.campaign();
      await broken.resign();
      await test.leaderOf([next]);
    });

    it.each(['', 'a/b', 'x'.repeat(101), 'a b'])('refuses %j as a name', (wrong) => {
      expect(() => test.campaign(test.lock, wrong)).toThrow(RangeError);
    });

    it('deposes its candidates when it closes, and takes no more', async () => {
      const [leader, other] = [test.campaign(), test.campaign()];
      const first = await test.leaderOf([leader, other]);
      await test.lock.close();
      await test.lock.close();
      expect(first.reasons).toHaveLength(1);
      expect(test.elections).toHaveLength(1);
      expect(() => test.campaign()).toThrow(/closed/);
    });

    if (capabilities.sharedBetweenLocks)
      it('elects one of all locks at a place', async () => {
        const locks = [test.lock, await test.open(), await test.open()];
        const candidates = locks.map((lock) => test.campaign(lock));
        const leader = await test.leaderOf(candidates);
        for (const lock of locks) {
          await test.eventually(async () => expect(await lock.leader(test.name)).toBe(leader.id));
        }
        await locks[candidates.indexOf(leader)]!.close();
        const next = await test.leaderOf(candidates);
        expect(next).not.toBe(leader);
        expect(next.terms[0]).toBeGreaterThan(leader.terms[0]!);
      });

    if (harness.loseLeader)
      it('deposes a leader that was lost, elects the next, and takes it back', async () => {
        const [first, second] = [test.campaign(), test.campaign()];
        const lost = await test.leaderOf([first, second]);
        const other = lost === first ? second : first;
        await harness.loseLeader!(test.place, test.name);
        await test.eventually(() => expect(lost.reasons).toHaveLength(1));
        await test.eventually(() => expect(lost.leads || other.leads).toBe(true));
        await other.resign();
        await test.leaderOf([lost]);
        expect(lost.terms.length).toBeGreaterThan(1);
      });
  });
}

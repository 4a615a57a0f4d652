import type { InstanceLeases, LeaseHolder } from '@signalbox/ports';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

export interface InstanceLeasesHarness {
  /** A place without leases: a database's name. */
  newPlace(): Promise<string>;
  open(place: string): Promise<InstanceLeases>;
  removePlace?(place: string): Promise<void>;
}

export interface InstanceLeasesCapabilities {
  /** Several processes share the names; without it there is one, which is always number 1. */
  readonly shared: boolean;
}

/** The contract of {@link InstanceLeases} as tests. An adapter binds it in its own spec file. */
export function instanceLeasesContract(
  name: string,
  harness: InstanceLeasesHarness,
  { shared }: InstanceLeasesCapabilities,
): void {
  describe(`${name} as instance leases`, () => {
    let place: string;
    const opened: InstanceLeases[] = [];
    const open = async (): Promise<InstanceLeases> => {
      const leases = await harness.open(place);
      opened.push(leases);
      return leases;
    };
    const holder = async (leases: InstanceLeases, wanted: string): Promise<LeaseHolder | undefined> =>
      (await leases.holders()).find((found) => found.name === wanted);
    beforeEach(async () => {
      place = await harness.newPlace();
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((leases) => leases.close()));
      await harness.removePlace?.(place);
    });

    it('gives the first name, and says who holds it', async () => {
      const leases = await open();
      expect(await leases.holders()).toEqual([]);
      const lease = await leases.acquire('tool-executor');
      expect(lease.name).toBe('tool-executor-1');
      expect(lease.epoch).toBeGreaterThanOrEqual(1);
      expect(await holder(leases, 'tool-executor-1')).toMatchObject({ epoch: lease.epoch, live: true });
    });

    it('gives each service names of its own', async () => {
      const leases = await open();
      expect((await leases.acquire('gateway')).name).toBe('gateway-1');
      expect((await leases.acquire('gateway-x')).name).toBe('gateway-x-1');
      expect((await leases.acquire('registry')).name).toBe('registry-1');
    });

    it('gives a released name again, with a greater epoch', async () => {
      const leases = await open();
      const first = await leases.acquire('gateway');
      const before = first.epoch;
      await first.release();
      await first.release();
      expect((await holder(leases, 'gateway-1'))?.live ?? false).toBe(false);
      const second = await leases.acquire('gateway');
      expect(second.name).toBe('gateway-1');
      expect(second.epoch).toBeGreaterThan(before);
    });

    it.each(['', 'Gateway', 'gate way', '-gateway', 'gateway-', 'a/b'])('refuses the service %j', async (service) => {
      await expect((await open()).acquire(service)).rejects.toThrow(/allowed/);
    });

    it.each([0, 199, 600_001, NaN])('refuses a ttl of %d ms', async (ttlMs) => {
      await expect((await open()).acquire('gateway', { ttlMs })).rejects.toThrow(/ttlMs.*200 to 600000/);
    });

    if (shared)
      it('gives every one of 20 that come at once a name of its own, without holes', async () => {
        const all = await Promise.all(Array.from({ length: 4 }, open));
        const leases = await Promise.all(Array.from({ length: 20 }, (_, n) => all[n % 4]!.acquire('gateway')));
        const numbers = leases.map((lease) => Number(/^gateway-(\d+)$/.exec(lease.name)![1]));
        expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
      });

    if (shared)
      it('keeps a name for longer than its time, by renewing', async () => {
        const leases = await open();
        const other = await open();
        // long enough that a busy machine renews in time
        const lease = await leases.acquire('gateway', { ttlMs: 3_000 });
        const lost = vi.fn();
        void lease.lost.then(lost);
        const first = (await holder(other, 'gateway-1'))!;
        await vi.waitFor(
          async () => expect((await holder(other, 'gateway-1'))!.expiresAt).toBeGreaterThan(first.expiresAt + 3_600),
          { timeout: 20_000 },
        );
        expect(await holder(other, 'gateway-1')).toMatchObject({ live: true });
        expect(lease.epoch).toBeGreaterThan(first.epoch);
        expect((await other.acquire('gateway')).name).toBe('gateway-2');
        expect(lost).not.toHaveBeenCalled();
      });

    if (shared)
      it('gives the name of a holder that is gone to another, but not before its time', async () => {
        const gone = await open();
        const other = await open();
        const before = (await gone.acquire('gateway', { ttlMs: 1_500 })).epoch;
        await gone.close();
        expect((await other.acquire('gateway')).name).toBe('gateway-2');
        await vi.waitFor(async () => expect((await holder(other, 'gateway-1'))!.live).toBe(false), { timeout: 10_000 });
        const next = await other.acquire('gateway');
        expect(next.name).toBe('gateway-1');
        expect(next.epoch).toBeGreaterThan(before);
      });
  });
}

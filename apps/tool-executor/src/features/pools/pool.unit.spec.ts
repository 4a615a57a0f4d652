import { describe, expect, it, vi } from 'vitest';
import { Pool, type PoolOptions } from './pool.js';
import { PoolClosedError, PoolExhaustedError, type Slot } from './slot.js';

interface Thing {
  readonly name: string;
  readonly end: () => void;
  bad?: boolean;
}

function setUp(options: Partial<PoolOptions> = {}) {
  const clock = { time: 1_000_000, now: () => clock.time };
  const made: Thing[] = [];
  const destroyed: string[] = [];
  let failure: Error | undefined;
  const ends = new Map<Thing, Promise<void>>();
  const tested = new Pool<Thing>(
    {
      min: 0,
      max: 2,
      acquireTimeoutMs: 200,
      idleTimeoutMs: 1_000,
      validateAfterMs: 500,
      maxWaiting: 5,
      transferable: true,
      ...options,
    },
    {
      create: async (key) => {
        await Promise.resolve();
        if (failure) throw failure;
        let end!: () => void;
        const gone = new Promise<void>((resolve) => (end = resolve));
        const thing = { name: `${made.length + 1}:${key}`, end };
        ends.set(thing, gone);
        made.push(thing);
        return thing;
      },
      destroy: async (thing, reason) => void destroyed.push(`${thing.name} ${reason}`),
      validate: async (thing) => {
        if (thing.bad) throw new Error('bad');
      },
      gone: (thing) => ends.get(thing)!,
    },
    clock,
  );
  const take = async (key: string, deadline = clock.time + 10_000) => tested.acquire(key, deadline);
  return { pool: tested, take, clock, made, destroyed, fail: (error?: Error) => (failure = error) };
}

const nameOf = (slot: Slot<Thing>) => slot.resource.name;

describe('a pool of processes (transferable)', () => {
  it('gives one session the same process for all its calls, another session another', async () => {
    const { take, made } = setUp();
    const [a1, a2, b] = [await take('a'), await take('a'), await take('b')];
    expect(a2).toBe(a1);
    expect(a1.leases).toBe(2);
    expect(b).not.toBe(a1);
    expect(made).toHaveLength(2);
  });

  it('makes one process for callers of one session that come at once', async () => {
    const { take, made } = setUp();
    const [first, second] = await Promise.all([take('a'), take('a')]);
    expect(first).toBe(second);
    expect(made).toHaveLength(1);
  });

  it('never gives two sessions the same process at once, also while others wait for the first ones', async () => {
    const { pool, take } = setUp({ acquireTimeoutMs: 15_000 });
    const inUse = new Map<Thing, string>();
    const run = async (key: string) => {
      const slot = await take(key);
      expect(inUse.get(slot.resource) ?? key).toBe(key);
      inUse.set(slot.resource, key);
      await new Promise((resolve) => setImmediate(resolve));
      inUse.delete(slot.resource);
      pool.release(slot);
    };
    await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(run));
  });

  it('hands a free process to the next session, first come first served', async () => {
    const { pool, take } = setUp({ max: 1 });
    const a = await take('a');
    const order: string[] = [];
    const b = take('b').then((slot) => (order.push('b'), slot));
    const c = take('c').then((slot) => (order.push('c'), slot));
    await vi.waitFor(() => expect(pool.statistics().waiting).toBe(2));
    pool.release(a);
    pool.release(await b);
    pool.release(await c);
    expect(order).toEqual(['b', 'c']);
    expect(pool.statistics()).toMatchObject({ size: 1, busy: 0, idle: 1, acquired: 3, created: 1 });
  });

  it('does not let a busy session keep others out', async () => {
    const { pool, take } = setUp({ max: 1 });
    const a = await take('a');
    const b = take('b');
    const late = take('a');
    pool.release(a);
    expect((await b).key).toBe('b');
    pool.release(await b);
    expect((await late).key).toBe('a');
  });

  it('bounds the wait and the line', async () => {
    const { pool, take } = setUp({ max: 1, maxWaiting: 1, acquireTimeoutMs: 30 });
    await take('a');
    const waiting = take('b');
    await expect(take('c')).rejects.toThrow('1 requests wait already');
    await expect(waiting).rejects.toBeInstanceOf(PoolExhaustedError);
    expect(pool.statistics()).toMatchObject({ timeouts: 1, rejected: 1, waiting: 0 });
  });

  it('checks a process that has been idle, and replaces it when it is bad', async () => {
    const { pool, take, clock, made, destroyed } = setUp();
    pool.release(await take('a'));
    clock.time += 600;
    made[0]!.bad = true;
    expect(nameOf(await take('a'))).toBe('2:a');
    expect(destroyed).toEqual(['1:a failed its check']);
    expect(pool.statistics().validationFailures).toBe(1);
  });

  it('ends what is idle, down to its least size', async () => {
    const { pool, take, clock } = setUp({ min: 1 });
    const [a, b] = [await take('a'), await take('b')];
    pool.release(a);
    pool.release(b);
    clock.time += 2_000;
    await pool.sweep();
    expect(pool.statistics()).toMatchObject({ size: 1, destroyed: 1 });
  });

  it('forgets a process that died, and lets the next in line have a new one', async () => {
    const { pool, take, made } = setUp({ max: 1 });
    const a = await take('a');
    const b = take('b');
    made[0]!.end();
    expect(nameOf(await b)).toBe('2:b');
    pool.release(a);
    expect(pool.statistics()).toMatchObject({ size: 1, busy: 1, destroyed: 1 });
  });

  it('passes on why a process could not be made, and tries again for the next', async () => {
    const { pool, take, fail } = setUp();
    fail(new Error('no such command'));
    await expect(take('a')).rejects.toThrow('no such command');
    fail(undefined);
    expect(nameOf(await take('a'))).toBe('1:a');
    expect(pool.statistics()).toMatchObject({ createFailures: 1, created: 1 });
  });

  it('is filled to its least size, and closed whole', async () => {
    const { pool, take, destroyed } = setUp({ min: 2 });
    await pool.fill();
    expect(pool.statistics().size).toBe(2);
    await take('a');
    await pool.close('stopping');
    expect(destroyed).toHaveLength(2);
    await expect(take('a')).rejects.toBeInstanceOf(PoolClosedError);
  });
});

describe('a pool that is being filled', () => {
  it('gives what is being made to the first who comes', async () => {
    const { pool, take, made } = setUp({ min: 1 });
    const filled = pool.fill();
    const [a, b] = await Promise.all([take('a'), take('b')]);
    await filled;
    expect([nameOf(a), nameOf(b)]).toEqual(['1:', '2:b']);
    expect(made).toHaveLength(2);
  });
});

describe('a pool that is being used while it is filled', () => {
  it('is filled all the same', async () => {
    const { pool, take } = setUp({ min: 2 });
    await Promise.all([take(''), pool.fill()]);
    expect(pool.statistics()).toMatchObject({ size: 2, busy: 1 });
  });
});

describe('a pool of sessions (not transferable)', () => {
  it('keeps a session for its key alone', async () => {
    const { pool, take } = setUp({ transferable: false });
    pool.release(await take('a'));
    expect(nameOf(await take('b'))).toBe('2:b');
    expect(nameOf(await take('a'))).toBe('1:a');
  });

  it('ends the session that was idle longest when another needs room', async () => {
    const { pool, take, clock, destroyed } = setUp({ transferable: false });
    pool.release(await take('a'));
    clock.time += 1;
    pool.release(await take('b'));
    await take('c');
    expect(destroyed).toEqual(['1:a made room for another session']);
  });

  it('shares a session whatever waits', async () => {
    const { take } = setUp({ transferable: false, max: 1, acquireTimeoutMs: 20 });
    const a = await take('a');
    const b = take('b');
    expect(await take('a')).toBe(a);
    await expect(b).rejects.toBeInstanceOf(PoolExhaustedError);
  });

  it('ends what a key has, and what is being made for it', async () => {
    const { pool, take, destroyed, made } = setUp({ transferable: false });
    pool.release(await take('a'));
    const late = take('b');
    await Promise.all([pool.end('a', 'over'), pool.end('b', 'over'), pool.end('nobody', 'over')]);
    await late;
    expect(destroyed).toEqual(['1:a over', '2:b over']);
    expect(pool.statistics()).toMatchObject({ size: 0, creating: 0 });
    pool.release(await take('a'));
    expect(made).toHaveLength(3);
  });

  it('ends what nobody comes for again when it is given back by all', async () => {
    const { pool, take, destroyed } = setUp({ transferable: false, isUsedOnce: (key) => key === 'once' });
    const [first, second, kept] = [await take('once'), await take('once'), await take('kept')];
    pool.release(first);
    expect(destroyed).toEqual([]);
    pool.release(second);
    pool.release(kept);
    expect(destroyed).toEqual(['1:once its request is over']);
  });
});

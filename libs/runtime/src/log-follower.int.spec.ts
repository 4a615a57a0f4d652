import type { Commit, EventStore } from '@signalbox/ports';
import { waitFor } from '@signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFollower, StopFollowingError, type LogFollowerOptions } from './log-follower.js';
import { openTestLog, withFaults, type TestLog } from '../test/test-log.js';

let test: TestLog;
let follower: LogFollower;
let seen: string[];
const remember = (commits: readonly Commit[]): void =>
  void seen.push(...commits.map((commit) => `${commit.partition}@${commit.position}`));

function follow(options: Partial<LogFollowerOptions> = {}, store: EventStore = test.store): LogFollower {
  follower = new LogFollower(store, { from: {}, onCommits: remember, backoff: { minMs: 1, maxMs: 5 }, ...options });
  follower.start();
  return follower;
}
const upTo = (partition: string, last: number, first = 1): string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => `${partition}@${first + index}`);

beforeEach(async () => {
  seen = [];
  test = await openTestLog();
});
afterEach(async () => {
  await follower.stop();
  await test.close();
});

describe('following', () => {
  it('reads what is there, then what comes', async () => {
    await test.append();
    await follow().caughtUp();
    expect(seen).toEqual(['gateway-1@1']);
    await test.append();
    await waitFor(() => seen.length === 2);
    expect(seen).toEqual(upTo('gateway-1', 2));
    expect(follower.checkpoint).toEqual({ 'gateway-1': 2 });
    expect(follower.lag).toBe(0);
  });

  it('goes on at its checkpoint', async () => {
    for (let i = 0; i < 5; i++) await test.append();
    await follow({ from: async () => ({ 'gateway-1': 3 }) }).caughtUp();
    expect(seen).toEqual(upTo('gateway-1', 5, 4));
  });

  it('reads more than a batch, in batches, and all partitions, each in its order', async () => {
    for (let i = 0; i < 10; i++) await Promise.all([test.append('a'), test.append('b')]);
    const sizes: number[] = [];
    await follow({
      batch: 3,
      onCommits: (commits) => {
        sizes.push(commits.length);
        remember(commits);
      },
    }).caughtUp();
    expect(seen.filter((name) => name.startsWith('a'))).toEqual(upTo('a', 10));
    expect(seen.filter((name) => name.startsWith('b'))).toEqual(upTo('b', 10));
    expect(sizes).toEqual([6, 6, 6, 2]);
  });

  it('reads the chosen partitions only', async () => {
    await test.append('a');
    await test.append('b');
    await follow({ partitions: (name) => name === 'b' }).caughtUp();
    expect(seen).toEqual(['b@1']);
  });

  it('sees everything once while others append', async () => {
    follow();
    for (let i = 0; i < 100; i++) await Promise.all([test.append('a'), test.append('b'), test.append('c')]);
    await follower.caughtUp();
    expect(seen.toSorted()).toEqual(['a', 'b', 'c'].flatMap((partition) => upTo(partition, 100)).toSorted());
  });

  it('finds what it was not woken for, by its poll', async () => {
    const deaf = withFaults(test.store, { onCommitted: () => () => undefined });
    await follow({ pollMs: 10 }, deaf).caughtUp();
    await test.append();
    await waitFor(() => seen.length === 1);
  });

  it('hands out one batch at a time', async () => {
    let inside = 0;
    let most = 0;
    follow({
      batch: 1,
      onCommits: async (commits) => {
        most = Math.max(most, ++inside);
        await new Promise(setImmediate);
        inside--;
        remember(commits);
      },
    });
    for (let i = 0; i < 20; i++) await test.append();
    await follower.caughtUp();
    expect(most).toBe(1);
    expect(seen).toEqual(upTo('gateway-1', 20));
  });

  it('lets the process do other things during a long catch-up', async () => {
    for (let i = 0; i < 20; i++) await test.append();
    let turns = 0;
    const count = (): void => {
      turns++;
      if (seen.length < 20) setImmediate(count);
    };
    setImmediate(count);
    await follow({ batch: 1 }).caughtUp();
    expect(turns).toBeGreaterThan(10);
  });

  it('stops after what is in hand, and goes on from there', async () => {
    await test.append();
    await follow().caughtUp();
    await follower.stop();
    expect(follower.state).toBe('stopped');
    await test.append();
    await expect(follower.caughtUp()).rejects.toThrow('the follower was stopped');
    follower.start();
    await follower.caughtUp();
    expect(seen).toEqual(upTo('gateway-1', 2));
  });

  it('cannot be caught up before it was started', async () => {
    follower = new LogFollower(test.store, { from: {}, onCommits: remember });
    await expect(follower.caughtUp()).rejects.toThrow('has not been started');
  });
});

describe('failures', () => {
  it('hands out the same commits again after a back-off', async () => {
    await test.append();
    await test.append();
    let failures = 0;
    const heard: string[] = [];
    follow({
      onCommits: (commits) => {
        if (failures++ < 2) throw new Error('not now');
        remember(commits);
      },
      onError: (error, info) => heard.push(`${error.message} ${info.fatal} ${info.failures}`),
    });
    await follower.caughtUp();
    expect(seen).toEqual(upTo('gateway-1', 2));
    expect(heard).toEqual(['not now false 1', 'not now false 2']);
    expect(follower.state).toBe('following');
    expect(follower.error).toBeUndefined();
  });

  it('tells why it is backing off', async () => {
    await test.append();
    follow({ onCommits: () => Promise.reject(new Error('database is locked')), backoff: { minMs: 50 } });
    await waitFor(() => follower.state === 'backing-off');
    expect(follower.error).toBe('database is locked');
    expect(follower.lag).toBe(1);
  });

  it('tries again when the checkpoint cannot be read', async () => {
    await test.append();
    let failures = 0;
    const from = async () => {
      if (failures++ < 2) throw new Error('not now');
      return {};
    };
    await follow({ from }).caughtUp();
    expect(seen).toEqual(['gateway-1@1']);
  });

  it('backs off, rather than run in circles, when the store names commits that it does not return', async () => {
    let reads = 0;
    const store = withFaults(test.store, {
      partitions: async () => [{ partition: 'a', position: 5, hash: '' }],
      readPartition: async () => {
        reads++;
        return [];
      },
    });
    follow({ backoff: { minMs: 1000 } }, store);
    const waiting = follower.caughtUp();
    await waitFor(() => follower.state === 'backing-off');
    expect(follower.error).toContain('does not return');
    expect(reads).toBe(1);
    await follower.stop();
    await expect(waiting).rejects.toThrow('stopped');
  });

  it('stops at a gap, and never skips', async () => {
    for (let i = 0; i < 4; i++) await test.append();
    const gappy = withFaults(test.store, {
      readPartition: async (...args: Parameters<EventStore['readPartition']>) =>
        (await test.store.readPartition(...args)).filter(({ position }) => position !== 3),
    });
    const reasons: string[] = [];
    follow({ batch: 2, onError: (error, { fatal }) => reasons.push(`${fatal} ${error.message}`) }, gappy);
    await expect(follower.caughtUp()).rejects.toThrow('gap in partition gateway-1: position 3 expected, 4 found');
    expect(seen).toEqual(upTo('gateway-1', 2));
    expect(follower.state).toBe('failed');
    expect(reasons).toEqual(['true gap in partition gateway-1: position 3 expected, 4 found']);
    await expect(follower.caughtUp()).rejects.toThrow('gap');
  });

  it('ends when the handler says so, and tries the same again when it is started again', async () => {
    await test.append();
    let broken = true;
    follow({
      onCommits: (commits) => {
        if (broken) throw new StopFollowingError('this cannot be taken');
        remember(commits);
      },
    });
    await expect(follower.caughtUp()).rejects.toThrow('this cannot be taken');
    expect(follower.state).toBe('failed');
    await follower.stop();
    broken = false;
    follower.start();
    await follower.caughtUp();
    expect(seen).toEqual(['gateway-1@1']);
    expect(follower.state).toBe('following');
  });
});

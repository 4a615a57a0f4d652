import { describe, expect, it } from 'vitest';
import { StoredCommit } from './commit-document.js';
import { TailReader } from './tail-reader.js';

const commit = (partition: string, position: number): StoredCommit =>
  new StoredCommit(
    {
      ...{ partition, position, stream: 's', firstVersion: position, lastVersion: position, commitId: `c-${position}` },
      ...{ time: '', actor: 'a', correlationId: 'x', types: [], body: '{}', previousHash: '', hash: '' },
    },
    undefined,
  );

/** A log whose partitions have as many commits as `heads` says; `asked` counts the reads of it. */
function logOf(heads: Record<string, number>) {
  const log = { heads, asked: 0 };
  const reader = new TailReader((partition, after, limit) => {
    log.asked++;
    const count = Math.max(0, Math.min(limit, log.heads[partition]! - after));
    return Promise.resolve(Array.from({ length: count }, (_, index) => commit(partition, after + 1 + index)));
  }, 1_000_000);
  const positions = async (partition: string, after: number, limit = 10): Promise<number[]> =>
    (await reader.read(partition, after, limit)).map(({ position }) => position);
  return { log, positions };
}

describe('TailReader', () => {
  it('reads once what several ask for, at the same time or one after the other', async () => {
    const { log, positions } = logOf({ a: 3 });
    const both = await Promise.all([positions('a', 0), positions('a', 0)]);
    expect(both).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(await positions('a', 1)).toEqual([2, 3]);
    expect(log.asked).toBe(1);
  });

  it('asks the database for what is behind the remembered', async () => {
    const { log, positions } = logOf({ a: 3 });
    await positions('a', 0);
    expect(await positions('a', 3)).toEqual([]);
    log.heads.a = 5;
    expect(await positions('a', 3)).toEqual([4, 5]);
    expect(await positions('a', 2)).toEqual([3, 4, 5]);
    expect(log.asked).toBe(3);
  });

  it('gives no gap to one who is behind the others, nor to one who is ahead', async () => {
    const { positions } = logOf({ a: 50, b: 2 });
    await positions('b', 0);
    expect(await positions('a', 30, 5)).toEqual([31, 32, 33, 34, 35]);
    expect(await positions('a', 0, 5)).toEqual([1, 2, 3, 4, 5]);
    expect(await positions('a', 40, 3)).toEqual([41, 42, 43]);
    expect(await positions('a', 5, 3)).toEqual([6, 7, 8]);
    expect(await positions('a', 33, 3)).toEqual([34, 35, 36]);
    expect(await positions('a', 41, 5)).toEqual([42, 43]);
    expect(await positions('b', 0)).toEqual([1, 2]);
  });

  it('does not remember a failure', async () => {
    let fails = true;
    const reader = new TailReader(
      () => (fails ? Promise.reject(new Error('away')) : Promise.resolve([commit('a', 1)])),
      1_000,
    );
    await expect(reader.read('a', 0, 5)).rejects.toThrow('away');
    fails = false;
    expect(await reader.read('a', 0, 5)).toHaveLength(1);
  });
});

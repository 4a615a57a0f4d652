import { newId, type NewEvent } from '@signalbox/contracts';
import type { AppendRequest } from '@signalbox/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteEventStore } from './sqlite-event-store.js';

const aCommit = (partition: string, data: unknown = {}): AppendRequest => ({
  stream: `call-${partition}-${newId()}`,
  expectedVersion: 0,
  events: [{ id: newId(), type: 'test.happened', schemaVersion: 1, data } as unknown as NewEvent],
  commitId: newId(),
  metadata: { actor: 'tester-1', correlationId: 'c' },
});

/** The store asks the clock once per group commit, so a clock that moves on with each question tells the groups apart. */
describe('group commit', () => {
  let store: SqliteEventStore;
  let now: number;
  let step: number;
  beforeEach(async () => {
    now = Date.parse('2026-01-01T00:00:00Z');
    step = 1000;
    store = await SqliteEventStore.open(':memory:', { clock: { now: () => (now += step) } });
  });
  afterEach(() => store.close());

  async function groupsOf(requests: readonly AppendRequest[]): Promise<number[]> {
    const results = await Promise.all(requests.map((request) => store.append(request)));
    const sizes = new Map<string, number>();
    for (const { time } of results) sizes.set(time, (sizes.get(time) ?? 0) + 1);
    return [...sizes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, size]) => size);
  }
  const many = (count: number, partition: (n: number) => string, data?: unknown): AppendRequest[] =>
    Array.from({ length: count }, (_, n) => aCommit(partition(n), data));

  it('stores what was appended in one turn in one transaction, whatever the partitions', async () => {
    expect(await groupsOf(many(60, (n) => `p-${n % 5}`))).toEqual([60]);
  });

  it('stores at most 64 commits of one partition, and 256 of all, at a time', async () => {
    expect(await groupsOf(many(150, () => 'p-1'))).toEqual([64, 64, 22]);
    expect(await groupsOf(many(600, (n) => `p-${n % 10}`))).toEqual([256, 256, 88]);
  });

  it('stores at most about 4 MiB at a time', async () => {
    const groups = await groupsOf(many(12, () => 'p-1', { text: 'x'.repeat(1_000_000) }));
    expect(groups).toEqual([5, 5, 2]);
  });

  it('does not let time go backwards when the clock does', async () => {
    const before = await store.append(aCommit('p-1'));
    step = -3_600_000;
    const after = await store.append(aCommit('p-2'));
    expect(after.time).toBe(before.time);
    step = 7_200_000;
    expect((await store.append(aCommit('p-1'))).time > before.time).toBe(true);
  });
});

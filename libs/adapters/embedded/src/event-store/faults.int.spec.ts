import { newId, type NewEvent } from '@signalbox/contracts';
import { temporaryFolder } from '@signalbox/port-contracts';
import { StoreUnavailableError, type AppendRequest } from '@signalbox/ports';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteEventStore } from './sqlite-event-store.js';

const aCommit = (stream: string, data: unknown = { n: 1 }): AppendRequest => ({
  stream,
  expectedVersion: 'any',
  events: [{ id: newId(), type: 'test.happened', schemaVersion: 1, data } as unknown as NewEvent],
  commitId: newId(),
  metadata: { actor: 'tester-1', correlationId: 'c' },
});

describe('SqliteEventStore in trouble', () => {
  let folder: string;
  let path: string;
  let store: SqliteEventStore;
  beforeEach(async () => {
    folder = await temporaryFolder.newPlace();
    path = join(folder, 'log.sqlite');
    store = await SqliteEventStore.open(path, { lockTimeoutMs: 150, maxQueuedCommits: 300, maxQueuedBytes: 2_000_000 });
  });
  afterEach(async () => {
    await store.close();
    await temporaryFolder.removePlace(folder);
  });

  it('waits for a lock that another process holds for a while', async () => {
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const append = store.append(aCommit('thing-1'));
    setTimeout(() => other.exec('ROLLBACK'), 60);
    expect(await append).toMatchObject({ position: 1 });
    await store.ping();
    other.close();
  });

  it('gives up on a lock that is held for too long, reads meanwhile, and goes on afterwards', async () => {
    await store.append(aCommit('thing-1'));
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const blocked = await Promise.allSettled([store.append(aCommit('thing-1')), store.append(aCommit('thing-2'))]);
    expect(blocked.map((result) => (result as PromiseRejectedResult).reason as unknown)).toEqual([
      expect.any(StoreUnavailableError),
      expect.any(StoreUnavailableError),
    ]);
    await expect(store.ping()).rejects.toThrow(/locked/);
    expect(await store.readStream('thing-1')).toHaveLength(1);
    other.exec('ROLLBACK');
    other.close();
    expect(await store.append(aCommit('thing-1'))).toMatchObject({ firstVersion: 2 });
    await store.ping();
  });

  it('rejects what a full disk did not take, stores nothing of it, and goes on when there is room', async () => {
    await store.append(aCommit('thing-1'));
    const database = (store as unknown as { db: DatabaseSync }).db;
    const { page_count: pages } = database.prepare('PRAGMA page_count').get() as { page_count: number };
    database.exec(`PRAGMA max_page_count = ${pages + 2}`);
    const text = 'x'.repeat(100_000);
    const results = await Promise.allSettled([
      store.append(aCommit('thing-1', { text })),
      store.append(aCommit('thing-2')),
    ]);
    for (const result of results) {
      expect((result as PromiseRejectedResult).reason).toBeInstanceOf(StoreUnavailableError);
      expect(String((result as PromiseRejectedResult).reason)).toMatch(/full/);
    }
    await expect(store.ping()).rejects.toThrow(/full/);
    expect(await store.readStream('thing-1')).toHaveLength(1);
    expect(await store.readStream('thing-2')).toHaveLength(0);
    database.exec('PRAGMA max_page_count = 1000000');
    expect(await store.append(aCommit('thing-1', { text }))).toMatchObject({ firstVersion: 2 });
    await store.ping();
  });

  it('refuses more appends than may wait, and says how many may', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 310 }, (_, n) => store.append(aCommit(`thing-${n}`))),
    );
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(10);
    expect(refused[0]!.reason).toBeInstanceOf(StoreUnavailableError);
    expect((refused[0]!.reason as Error).message).toBe('300 commits wait to be stored; at most 300 may');
    await store.append(aCommit('thing-1'));
  });

  it('refuses more bytes than may wait, and says how many may', async () => {
    const text = 'x'.repeat(900_000);
    const results = await Promise.allSettled([1, 2, 3, 4].map((n) => store.append(aCommit(`thing-${n}`, { text }))));
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    expect(String((results[3] as PromiseRejectedResult).reason)).toMatch(
      /bytes wait to be stored; at most 2000000 may/,
    );
    await store.append(aCommit('thing-4', { text }));
  });

  it('shows a changed commit to whoever verifies, also while the store has the old one in memory', async () => {
    const { partition } = await store.append(aCommit('thing-1', { amount: 1 }));
    const other = new DatabaseSync(path);
    other.exec(`UPDATE commits SET body = replace(body, '"amount":1', '"amount":9')`);
    other.close();
    const [commit] = await store.readPartition(partition, 0, 10, { stored: true });
    expect(commit!.body).toContain('"amount":9');
    expect((await store.readPartition(partition, 0))[0]!.body).toContain('"amount":9');
  });

  it('reads a commit with a damaged body for verification, and says so to those who need its events', async () => {
    const { partition } = await store.append(aCommit('thing-1'));
    await store.append(aCommit('thing-2'));
    const other = new DatabaseSync(path);
    other.exec(`UPDATE commits SET body = substr(body, 2) WHERE stream = 'thing-1'`);
    other.close();
    const [commit] = await store.readPartition(partition, 0, 1, { stored: true });
    expect(commit!.parsed).toBeUndefined();
    expect(commit!.body).not.toMatch(/^\{/);
    await expect(store.readStream('thing-1')).rejects.toThrow(/commit 1 .* damaged/);
    expect((await store.find({})).items.map((item) => item.event.stream)).toEqual(['thing-2']);
  });

  it('refuses a log of a newer format', async () => {
    await store.close();
    const other = new DatabaseSync(path);
    other.exec('PRAGMA user_version = 99');
    other.close();
    await expect(SqliteEventStore.open(path)).rejects.toThrow(/log\.sqlite.*format 99/);
  });

  it('takes time ranges from the first year to the last', async () => {
    const from = '0001-01-01T00:00:00Z';
    const to = '9999-12-31T23:59:59Z';
    await Promise.all(Array.from({ length: 250 }, (_, n) => store.append(aCommit(`thing-${n}`))));
    expect((await store.find({ from, to, limit: 1000 })).items).toHaveLength(250);
  });
});

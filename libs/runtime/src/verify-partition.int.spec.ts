import type { Commit, EventStore } from '@signalbox/ports';
import { SqliteEventStore } from '@signalbox/adapter-embedded';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closed, openTestLog, withFaults, type TestLog } from '../test/test-log.js';
import { verifyPartition } from './verify-partition.js';

let test: TestLog;
const partition = 'gateway-1';
const COMMITS = 10;

beforeEach(async () => {
  test = await openTestLog();
  for (let i = 0; i < COMMITS; i++) await test.append(partition, (i % 3) + 1);
});
afterEach(() => test.close());

/** The store as it would answer if its commits had been changed. */
function tampered(change: (commits: Commit[]) => Commit[]): EventStore {
  return withFaults(test.store, {
    readPartition: async (name: string, after: number, limit = 512) => {
      const all = change(await test.store.readPartition(name, 0, 1000));
      return all.filter(({ position }) => position > after).slice(0, limit);
    },
  });
}
const changed = (position: number, change: (commit: Commit) => Partial<Commit>): EventStore =>
  tampered((all) => all.map((commit) => (commit.position === position ? { ...commit, ...change(commit) } : commit)));
const rehashed = (commit: Commit, body: string): Partial<Commit> => ({
  body,
  hash: createHash('sha256').update(commit.previousHash).update(body).digest('hex'),
});

describe('verifyPartition', () => {
  it('finds an untouched partition right, and names its head', async () => {
    const [head] = await test.store.partitions();
    expect(await verifyPartition(test.store, partition)).toEqual({ partition, head: COMMITS, hash: head!.hash });
    expect(await verifyPartition(test.store, partition, { batch: 3 })).toEqual({
      partition,
      head: COMMITS,
      hash: head!.hash,
    });
  });

  it('finds an empty partition right', async () => {
    expect(await verifyPartition(test.store, 'nobody')).toEqual({ partition: 'nobody', head: 0, hash: '' });
  });

  it('begins behind a commit whose hash is known', async () => {
    const commits = await test.store.readPartition(partition, 0);
    const after = { position: 4, hash: commits[3]!.hash };
    expect(await verifyPartition(test.store, partition, { after })).toMatchObject({ head: COMMITS });
    const wrong = await verifyPartition(test.store, partition, { after: { position: 4, hash: 'other' } });
    expect(wrong).toMatchObject({ firstBad: 5, reason: expect.stringContaining('previousHash') });
  });

  it.each([
    [
      'body',
      (c: Commit) => ({ body: c.body.replace('idle', 'Idle') }),
      'hash is not the hash of previousHash and body',
    ],
    ['hash', (c: Commit) => ({ hash: c.hash.replace(/^./, (x) => (x === '0' ? '1' : '0')) }), 'hash is not the hash'],
    ['previousHash', () => ({ previousHash: '' }), 'previousHash is not the hash of the commit before'],
    ['stream', () => ({ stream: 'other' }), 'stream is not what the body says'],
    ['time', () => ({ time: '2020-01-01T00:00:00.000Z' }), 'time is not'],
    ['actor', () => ({ actor: 'mallory' }), 'actor is not'],
    ['correlationId', () => ({ correlationId: 'x' }), 'correlationId is not'],
    ['causationId', () => ({ causationId: 'x' }), 'causationId is not'],
    ['commitId', () => ({ commitId: 'x' }), 'commitId is not'],
    ['lastVersion', (c: Commit) => ({ lastVersion: c.lastVersion + 1 }), 'lastVersion is not'],
    ['types', () => ({ types: ['session.opened'] }), 'types is not'],
    ['partition', () => ({ partition: 'other' }), 'belongs to partition other'],
    ['body, not JSON', (c: Commit) => rehashed(c, 'no json'), 'body is not JSON'],
  ])('finds a changed %s', async (_what, change, reason) => {
    const verdict = await verifyPartition(changed(6, change), partition);
    expect(verdict).toMatchObject({ head: 5, firstBad: 6, reason: expect.stringContaining(reason) });
  });

  it('finds the commit after one whose body and hash were both changed', async () => {
    const store = changed(6, (commit) => rehashed(commit, commit.body.replace('idle', 'Idle')));
    expect(await verifyPartition(store, partition)).toMatchObject({
      head: 6,
      firstBad: 7,
      reason: expect.stringContaining('previousHash'),
    });
  });

  it('finds a commit that was taken out', async () => {
    const store = tampered((all) => all.filter(({ position }) => position !== 6));
    expect(await verifyPartition(store, partition)).toMatchObject({
      firstBad: 6,
      reason: 'position 6 is missing; position 7 comes next',
    });
  });

  it('finds that the end was cut off', async () => {
    const store = tampered((all) => all.slice(0, 8));
    expect(await verifyPartition(store, partition)).toMatchObject({ head: 8, firstBad: 9 });
  });

  it('can be given up', async () => {
    await expect(verifyPartition(test.store, partition, { signal: AbortSignal.abort() })).rejects.toThrow('abort');
  });
});

describe('a byte that was changed in the database file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'signalbox-verify-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is found, with its position', async () => {
    const file = join(folder, 'log.db');
    const store = await SqliteEventStore.open(file);
    for (let i = 1; i <= 5; i++) {
      await store.append({
        stream: `session-${partition}-${i}`,
        expectedVersion: 0,
        events: [closed(`session number ${i}`)],
        commitId: `c${i}`,
        metadata: { actor: 'gateway-1', correlationId: 'k' },
      });
    }
    await store.close();
    const bytes = await readFile(file);
    const target = bytes.indexOf('session number 3');
    expect(target).toBeGreaterThan(0);
    bytes.write('S', target);
    await writeFile(file, bytes);

    const reopened = await SqliteEventStore.open(file);
    const verdict = await verifyPartition(reopened, partition);
    await reopened.close();
    expect(verdict).toMatchObject({ head: 2, firstBad: 3, reason: 'hash is not the hash of previousHash and body' });
  });
});

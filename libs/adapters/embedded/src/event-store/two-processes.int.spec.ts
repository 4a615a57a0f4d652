import { temporaryFolder } from '@signalbox/port-contracts';
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { SqliteEventStore } from './sqlite-event-store.js';

const WRITER = join(import.meta.dirname, 'two-processes-writer.mjs');
const COUNT = 1200;

it('keeps one gap-free chain, unique claims and unique versions when three processes write to one file', async () => {
  const folder = await temporaryFolder.newPlace();
  const path = join(folder, 'log.sqlite');
  const run = async (name: string): Promise<{ stored: number; claimed: number }> => {
    const { stdout } = await promisify(execFile)(process.execPath, [WRITER, path, name, String(COUNT)]);
    return JSON.parse(stdout) as { stored: number; claimed: number };
  };
  const outcomes = await Promise.all([run('one'), run('two'), run('three')]);
  expect(outcomes.reduce((sum, { stored }) => sum + stored, 0)).toBe(COUNT);
  expect(outcomes.reduce((sum, { claimed }) => sum + claimed, 0)).toBe(2 * COUNT);

  const store = await SqliteEventStore.open(path);
  let commits = 0;
  for (const { partition } of await store.partitions()) {
    let previous = '';
    for (const commit of await store.readPartition(partition, 0, COUNT)) {
      expect(commit.previousHash).toBe(previous);
      previous = hash('sha256', previous + commit.body);
      expect(commit.hash).toBe(previous);
      commits++;
    }
  }
  expect(commits).toBe(COUNT);
  const versions = (await store.readStream('shared-1')).map((event) => event.streamVersion);
  expect(versions).toEqual(Array.from({ length: COUNT / 2 }, (_, n) => n + 1));
  await store.close();
  await temporaryFolder.removePlace(folder);
});

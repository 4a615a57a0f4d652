import { SqliteReadModels } from '@signalbox/adapter-embedded';
import type { RecordedEvent } from '@signalbox/contracts';
import type { Document, ReadModels, Write } from '@signalbox/ports';
import { waitFor } from '@signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { documentProjection } from './document-projection.js';
import { openTestLog, withFaults, type TestLog } from '../test/test-log.js';
import { ProjectionRunner, type ProjectionRunnerOptions } from './projection-runner.js';
import type { Projection } from './projection.js';

let test: TestLog;
let readModels: ReadModels;
let runner: ProjectionRunner;
let poison: string | undefined;

const sessionOf = (event: RecordedEvent): string => (event as RecordedEvent<'session.closed'>).data.sessionId;

/** How many sessions each partition has closed. */
const counts = documentProjection<{ count: number; last: string }>({
  name: 'counts',
  collection: 'counts',
  types: ['session.closed'],
  indexes: ['count'],
  idOf: (event) => event.partition,
  evolve: (state, event) => {
    if (sessionOf(event) === poison) throw new Error('cannot take this');
    return { count: (state?.count ?? 0) + 1, last: sessionOf(event) };
  },
});

function run(options: ProjectionRunnerOptions = {}, projection: Projection = counts, models = readModels) {
  runner = new ProjectionRunner(test.store, models, projection, { backoff: { minMs: 1, maxMs: 5 }, ...options });
  runner.start();
  return runner;
}
const documents = (collection = 'counts') => readModels.find(collection, { limit: 1000 });

beforeEach(async () => {
  poison = undefined;
  test = await openTestLog();
  readModels = await SqliteReadModels.open({ file: ':memory:' });
});
afterEach(async () => {
  await runner.stop();
  await readModels.close();
  await test.close();
});

describe('a projection', () => {
  it('keeps its documents up to the log, and its checkpoint with them', async () => {
    for (let i = 0; i < 3; i++) await test.append('a', 2);
    await test.append('b');
    await run().caughtUp();
    expect(await documents()).toEqual([
      { _id: 'a', count: 6, last: 'a/6', _at: { a: 3001 } },
      { _id: 'b', count: 1, last: 'b/1', _at: { b: 1000 } },
    ]);
    expect(await readModels.checkpoint('counts')).toEqual({ a: 3, b: 1 });
    await test.append('b');
    await runner.caughtUp();
    expect(await readModels.get('counts', 'b')).toMatchObject({ count: 2 });
    expect(runner.status()).toEqual({ name: 'counts', state: 'following', checkpoint: { a: 3, b: 2 }, lag: 0 });
  });

  it('goes on where it was, after a stop', async () => {
    await test.append('a');
    await run().caughtUp();
    await runner.stop();
    await test.append('a');
    await run().caughtUp();
    expect(await readModels.get('counts', 'a')).toMatchObject({ count: 2 });
  });

  it('changes nothing when events come again, as after a crash between documents and checkpoint', async () => {
    for (let i = 0; i < 5; i++) await test.append('a', 3);
    await run().caughtUp();
    await runner.stop();
    const before = await documents();
    await readModels.commit('counts', { a: 2 }, []);
    await run().caughtUp();
    expect(await documents()).toEqual(before);
    await runner.stop();
    expect(await readModels.checkpoint('counts')).toEqual({ a: 5 });
  });

  it('stores the checkpoint of events that concern it not, at the latest when it stops', async () => {
    const nothing: Projection = { ...counts, name: 'nothing', types: ['server.*'] };
    await run({ checkpointMs: 60_000 }, nothing).caughtUp();
    await test.append('a');
    await runner.caughtUp();
    await test.append('a');
    await runner.caughtUp();
    expect(runner.status().checkpoint).toEqual({ a: 2 });
    await runner.stop();
    expect(await readModels.checkpoint('nothing')).toEqual({ a: 2 });
  });

  it('deletes documents that it no longer has', async () => {
    const odd = documentProjection<{ open: boolean }>({
      ...{ name: 'odd', collection: 'odd', types: ['session.closed'] },
      idOf: () => 'the one',
      evolve: (state) => (state ? undefined : { open: true }),
    });
    await test.append('a', 3);
    await run({}, odd).caughtUp();
    expect(await documents('odd')).toHaveLength(1);
    await test.append('a');
    await runner.caughtUp();
    expect(await documents('odd')).toEqual([]);
  });

  it('may only use its own collections', async () => {
    const thief: Projection = {
      ...counts,
      name: 'thief',
      project: () => [{ op: 'delete', collection: 'calls', id: 'x' }],
    };
    await test.append('a');
    await expect(run({}, thief).caughtUp()).rejects.toThrow('uses calls; it may only use counts');
  });
});

describe('an event that cannot be taken', () => {
  it('stops the projection, which names itself, the event and the error; what came before is kept', async () => {
    await test.append('a', 2);
    await test.append('a', 3);
    await test.append('a', 1);
    poison = 'a/4';
    const fatal: string[] = [];
    run({ onError: (error, info) => info.fatal && fatal.push(error.message) });
    await expect(runner.caughtUp()).rejects.toThrow('cannot take this');
    const [, , , bad] = await test.store.find({ type: 'session.closed' }).then(({ items }) => items);
    const reason = `projection counts stopped at event ${bad!.event.id} (session.closed, a@2/1): cannot take this`;
    expect(runner.status()).toMatchObject({ state: 'failed', error: reason, lag: 3 });
    expect(fatal).toEqual([reason]);
    expect(await documents()).toEqual([{ _id: 'a', count: 2, last: 'a/2', _at: { a: 1001 } }]);
    expect(await readModels.checkpoint('counts')).toEqual({ a: 1 });
  });

  it('is tried again when the projection is started again, and nothing is lost or counted twice', async () => {
    await test.append('a', 2);
    await test.append('a', 3);
    poison = 'a/4';
    await expect(run().caughtUp()).rejects.toThrow();
    poison = undefined;
    await runner.stop();
    runner.start();
    await runner.caughtUp();
    expect(await readModels.get('counts', 'a')).toMatchObject({ count: 5 });
    expect(runner.status()).toMatchObject({ state: 'following', lag: 0 });
  });

  it('may be one of a newer release', async () => {
    await test.append('a');
    const newer = withFaults(test.store, {
      readPartition: async (...args: Parameters<typeof test.store.readPartition>) => {
        const commits = await test.store.readPartition(...args);
        return commits.map((commit) => ({
          ...commit,
          body: commit.body.replace('"schemaVersion":1', '"schemaVersion":9'),
        }));
      },
    });
    runner = new ProjectionRunner(newer, readModels, counts);
    runner.start();
    await expect(runner.caughtUp()).rejects.toThrow('session.closed has version 9: written by a newer release');
    expect(runner.status().error).toContain('commit a@1');
  });
});

describe('a technical failure', () => {
  it('is survived', async () => {
    let failures = 0;
    const shaky = withFaults(readModels, {
      commit: async (...args: Parameters<ReadModels['commit']>) => {
        if (failures++ < 3) throw new Error('disk full');
        await readModels.commit(...args);
      },
    });
    await test.append('a', 3);
    await run({}, counts, shaky).caughtUp();
    expect(await readModels.get('counts', 'a')).toMatchObject({ count: 3 });
  });

  it('is told of while it lasts', async () => {
    const broken = withFaults(readModels, { getMany: () => Promise.reject(new Error('disk full')) });
    await test.append('a');
    run({}, counts, broken);
    await waitFor(() => runner.status().state === 'backing-off');
    expect(runner.status().error).toBe('read models: disk full');
  });
});

describe('rebuild', () => {
  /** What a projection was before somebody corrected it. */
  const stale: Write = { op: 'put', collection: 'counts', document: { _id: 'a', count: -1 } };

  it('makes the documents anew, beside the live ones, which take part in the log meanwhile', async () => {
    for (let i = 0; i < 20; i++) await test.append('a');
    await run({ batch: 2 }).caughtUp();
    await readModels.commit('counts', { a: 20 }, [stale]);
    const seenWhileRebuilding = new Set<unknown>();
    const rebuilt = runner.rebuild();
    for (let i = 0; i < 10; i++) {
      await test.append('a');
      seenWhileRebuilding.add((await readModels.get<Document>('counts', 'a'))?.['count']);
    }
    await rebuilt;
    await runner.caughtUp();
    expect(seenWhileRebuilding).not.toContain(undefined);
    expect(await documents()).toEqual([{ _id: 'a', count: 30, last: 'a/30', _at: { a: 30_000 } }]);
    expect(await documents('counts__rebuild')).toEqual([]);
    expect(runner.status()).toEqual({ name: 'counts', state: 'following', checkpoint: { a: 30 }, lag: 0 });
  });

  it('goes on with the log afterwards', async () => {
    await test.append('a');
    await run().caughtUp();
    await runner.rebuild();
    await test.append('a');
    await runner.caughtUp();
    expect(await readModels.get('counts', 'a')).toMatchObject({ count: 2 });
  });

  it('is one rebuild, however often it is asked for', async () => {
    await test.append('a');
    await run().caughtUp();
    expect(runner.rebuild()).toBe(runner.rebuild());
    await runner.rebuild();
    expect(await readModels.get('counts', 'a')).toMatchObject({ count: 1 });
  });

  it('leaves the live documents alone when it fails, and says why', async () => {
    await test.append('a', 3);
    await run().caughtUp();
    poison = 'a/2';
    await expect(runner.rebuild()).rejects.toThrow('cannot take this');
    expect(await readModels.get('counts', 'a')).toMatchObject({ count: 3 });
    expect(await documents('counts__rebuild')).toEqual([]);
    expect(runner.status().state).toBe('following');
  });

  it('brings a projection back that had failed', async () => {
    poison = 'a/2';
    await test.append('a', 3);
    await expect(run().caughtUp()).rejects.toThrow();
    poison = undefined;
    await runner.rebuild();
    await runner.caughtUp();
    expect(await readModels.get('counts', 'a')).toMatchObject({ count: 3 });
    expect(runner.status().state).toBe('following');
  });

  it('is not confused by what a killed rebuild left', async () => {
    await test.append('a', 3);
    const left: Write = { ...stale, collection: 'counts__rebuild' };
    await readModels.commit('counts__rebuild', { a: 1 }, [left]);
    await run().caughtUp();
    await runner.rebuild();
    expect(await readModels.get('counts', 'a')).toMatchObject({ count: 3 });
  });

  it.each(['before it has begun', 'in its midst'])('is given up when the projection is stopped %s', async (when) => {
    for (let i = 0; i < 50; i++) await test.append('a');
    const slow = withFaults(readModels, {
      commit: async (...args: Parameters<ReadModels['commit']>) => {
        if (args[0] === 'counts__rebuild') await new Promise((resolve) => setTimeout(resolve, 5));
        await readModels.commit(...args);
      },
    });
    await run({ batch: 1 }, counts, slow).caughtUp();
    const rebuilt = runner.rebuild();
    const failure = expect(rebuilt).rejects.toThrow('stopped');
    if (when === 'in its midst')
      await waitFor(() => (runner.status().rebuild?.checkpoint['a'] ?? 0) > 0, { intervalMs: 0 });
    await runner.stop();
    await failure;
    expect(runner.status()).toMatchObject({ state: 'stopped', checkpoint: { a: 50 } });
    expect(await documents('counts__rebuild')).toEqual([]);
    expect(await readModels.get('counts', 'a')).toMatchObject({ count: 50 });
  });
});

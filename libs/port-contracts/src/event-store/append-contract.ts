import {
  CommitTooLargeError,
  InvalidAppendError,
  MAX_COMMIT_BYTES,
  MAX_EVENTS_PER_COMMIT,
  VersionConflictError,
} from '@signalbox/ports';
import { describe, expect, it } from 'vitest';
import type { EventStoreHarness } from './event-store-contract.js';
import { aCommit, anEvent, LogUnderTest, readAll, rejectionOf, streamIn } from './log-under-test.js';

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export function appendContract(harness: EventStoreHarness): void {
  describe('append', () => {
    const log = new LogUnderTest(harness);

    it('answers with the place, the versions and the time of the commit', async () => {
      const stream = streamIn('p-1', 'A');
      const first = await log.store.append(aCommit({ stream, expectedVersion: 0, events: [anEvent(), anEvent()] }));
      expect(first).toEqual({
        partition: 'p-1',
        position: 1,
        firstVersion: 1,
        lastVersion: 2,
        time: expect.stringMatching(RFC_3339),
        replayed: false,
      });
      const second = await log.store.append(aCommit({ stream, expectedVersion: 2 }));
      expect(second).toMatchObject({ position: 2, firstVersion: 3, lastVersion: 3, replayed: false });
      expect(second.time >= first.time).toBe(true);
    });

    it('puts a stream whose id names no partition into an entity partition, always the same', async () => {
      const { partition } = await log.store.append(aCommit({ stream: 'resource-notes-1' }));
      expect(partition).toMatch(/^entity-\d+$/);
      expect(await log.store.append(aCommit({ stream: 'resource-notes-1' }))).toMatchObject({
        partition,
        lastVersion: 2,
      });
    });

    it.each([
      { at: 2, expected: 0 },
      { at: 2, expected: 1 },
      { at: 2, expected: 3 },
      { at: 0, expected: 1 },
    ])('refuses version $expected of a stream that is at $at, and says where it is', async ({ at, expected }) => {
      if (at > 0) await log.store.append(aCommit({ events: Array.from({ length: at }, () => anEvent()) }));
      const error = await rejectionOf(log.store.append(aCommit({ expectedVersion: expected })));
      expect(error).toBeInstanceOf(VersionConflictError);
      expect(error).toMatchObject({ stream: 'thing-1', expected, actual: at });
      expect(await log.store.readStream('thing-1')).toHaveLength(at);
    });

    it('takes any version when asked to', async () => {
      for (let n = 1; n <= 3; n++) {
        expect(await log.store.append(aCommit({ expectedVersion: 'any' }))).toMatchObject({ firstVersion: n });
      }
    });

    it('stores a commit once: a known commitId gets the first answer, marked as replayed', async () => {
      const request = aCommit({ expectedVersion: 0, commitId: 'once', claims: ['key-once'] });
      const first = await log.store.append(request);
      await log.store.append(aCommit({ expectedVersion: 1 }));
      expect(await log.store.append(request)).toEqual({ ...first, replayed: true });
      expect(await log.store.append({ ...request, expectedVersion: 'any' })).toEqual({ ...first, replayed: true });
      expect(await log.store.append({ ...request, expectedVersion: 7 })).toEqual({ ...first, replayed: true });
      expect(await log.store.readStream('thing-1')).toHaveLength(2);
    });

    it('knows a commitId that is being stored at the same moment', async () => {
      const request = aCommit({ expectedVersion: 'any', commitId: 'twin' });
      const answers = await Promise.all([
        log.store.append(request),
        log.store.append(request),
        log.store.append(request),
      ]);
      expect(answers.map((answer) => answer.replayed).sort()).toEqual([false, true, true]);
      expect(await log.store.readStream('thing-1')).toHaveLength(1);
    });

    it('lets the same commitId stand in two partitions', async () => {
      await log.store.append(aCommit({ stream: streamIn('p-1', 'A'), commitId: 'same' }));
      const other = await log.store.append(aCommit({ stream: streamIn('p-2', 'A'), commitId: 'same' }));
      expect(other).toMatchObject({ partition: 'p-2', position: 1, replayed: false });
    });

    it('takes the largest commits it has to, and refuses larger ones', async () => {
      const events = Array.from({ length: MAX_EVENTS_PER_COMMIT }, () => anEvent());
      expect(await log.store.append(aCommit({ events }))).toMatchObject({ lastVersion: MAX_EVENTS_PER_COMMIT });
      expect(await rejectionOf(log.store.append(aCommit({ events: [...events, anEvent()] })))).toBeInstanceOf(
        CommitTooLargeError,
      );
      const big = anEvent('test.big', { text: 'x'.repeat(MAX_COMMIT_BYTES - 2000) });
      await log.store.append(aCommit({ stream: 'big-1', events: [big] }));
      expect((await log.store.readStream('big-1'))[0]).toMatchObject({ data: big.data });
      const umlauts = anEvent('test.big', { text: 'ü'.repeat(MAX_COMMIT_BYTES / 2) });
      expect(await rejectionOf(log.store.append(aCommit({ events: [umlauts] })))).toBeInstanceOf(CommitTooLargeError);
    });

    it.each([
      ['no events', { events: [] }],
      ['a commitId of 129 characters', { commitId: 'x'.repeat(129) }],
      ['an empty stream', { stream: '' }],
      ['a negative version', { expectedVersion: -1 }],
      ['a fractional version', { expectedVersion: 1.5 }],
      ['data that is not JSON', { events: [anEvent('test.happened', { n: 1n })] }],
      ['no data', { events: [anEvent('test.happened', () => 1)] }],
    ])('refuses %s', async (_what, request) => {
      expect(await rejectionOf(log.store.append(aCommit(request)))).toBeInstanceOf(InvalidAppendError);
      expect(await log.store.partitions()).toEqual([]);
    });

    it('lets a refused commit harm none of those beside it', async () => {
      const stream = (key: string): string => streamIn('p-1', key);
      await log.store.append(aCommit({ stream: stream('A'), expectedVersion: 0, claims: ['taken'] }));
      const results = await Promise.allSettled([
        log.store.append(aCommit({ stream: stream('B') })),
        log.store.append(aCommit({ stream: stream('A'), expectedVersion: 0 })),
        log.store.append(aCommit({ stream: stream('C'), claims: ['free', 'taken'] })),
        log.store.append(aCommit({ stream: stream('D'), events: [] })),
        log.store.append(aCommit({ stream: stream('C'), expectedVersion: 0, claims: ['free'] })),
      ]);
      expect(results.map((result) => result.status)).toEqual([
        'fulfilled',
        'rejected',
        'rejected',
        'rejected',
        'fulfilled',
      ]);
      const commits = await readAll(log.store, 'p-1');
      expect(commits.map((commit) => commit.position)).toEqual([1, 2, 3]);
      expect(commits.map((commit) => commit.stream)).toEqual([stream('A'), stream('B'), stream('C')]);
    });

    it('keeps text exactly, whatever characters are in it', async () => {
      const data = { text: 'ä 漢字 🚂 "quoted" \\ \n \u0000 \u2028 \ud800', 'key with ü': ['\u007f', ''] };
      const metadata = { actor: 'tester-"ü"', correlationId: 'c-🚂\\', causationId: '\n', traceparent: 't' };
      await log.store.append(aCommit({ stream: 'ding-ü-🚂', events: [anEvent('test.text', data)], metadata }));
      const store = await log.open();
      const [event] = await store.readStream('ding-ü-🚂');
      expect(event).toMatchObject({ ...metadata, data, stream: 'ding-ü-🚂' });
      const [commit] = await readAll(store, event!.partition);
      expect(commit).toMatchObject(metadata);
      expect((await store.find({ correlationId: metadata.correlationId })).items).toHaveLength(1);
    });

    it('commits what one caller appends to one partition in the order of the calls', async () => {
      const streams = Array.from({ length: 300 }, (_, n) => streamIn('p-1', `S${n}`));
      await Promise.all(streams.map((stream) => log.store.append(aCommit({ stream }))));
      expect((await readAll(log.store, 'p-1')).map((commit) => commit.stream)).toEqual(streams);
    });
  });
}

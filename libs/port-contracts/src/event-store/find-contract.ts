import { InvalidCursorError, type EventQuery, type EventStore } from '@signalbox/ports';
import { describe, expect, it } from 'vitest';
import type { EventStoreHarness } from './event-store-contract.js';
import { aCommit, anEvent, LogUnderTest, rejectionOf, streamIn } from './log-under-test.js';

/** Follows cursors to the end; each page but the last has something in it or leads on. */
async function findAll(store: EventStore, query: EventQuery): Promise<string[]> {
  const ids: string[] = [];
  let after = query.after;
  for (let pages = 0; pages < 1000; pages++) {
    const page = await store.find({ ...query, ...(after === undefined ? {} : { after }) });
    ids.push(...page.items.map((item) => item.event.id));
    if (page.next === null) return ids;
    after = page.next;
  }
  throw new Error('the pages do not end');
}

export function findContract(harness: EventStoreHarness): void {
  describe('find', () => {
    const log = new LogUnderTest(harness);
    const types = ['tool.call.requested', 'tool.call.completed', 'server.started', 'tool.definition.changed'];

    /** 60 commits of one to three events over two partitions. @returns what was appended, in order */
    async function fill() {
      const all = [];
      for (let n = 0; n < 60; n++) {
        const events = Array.from({ length: 1 + (n % 3) }, (_, i) => anEvent(types[(n + i) % types.length], { n, i }));
        const request = aCommit({
          stream: streamIn(`p-${n % 2}`, `S${n % 7}`),
          events,
          metadata: { actor: 'tester-1', correlationId: `c-${n % 5}` },
        });
        const { partition, time } = await log.store.append(request);
        for (const { id, type } of events) {
          all.push({ id, type, time, partition, stream: request.stream, correlationId: `c-${n % 5}` });
        }
      }
      return all;
    }
    const ids = (events: readonly { id: string }[]): string[] => events.map((event) => event.id);

    it('finds everything, oldest first, when nothing is asked', async () => {
      const all = await fill();
      expect(await findAll(log.store, {})).toEqual(ids(all));
    });

    it.each([1, 2, 7, 1000])('pages through everything in both directions, %i at a time', async (limit) => {
      const all = await fill();
      expect(await findAll(log.store, { limit })).toEqual(ids(all));
      expect(await findAll(log.store, { limit, direction: 'backward' })).toEqual(ids(all).reverse());
    });

    it.each([
      ['a type', { type: 'server.started' }, /^server\.started$/],
      ['one word of a type', { type: 'tool.*.requested' }, /^tool\.\w+\.requested$/],
      ['any words of a type', { type: 'tool.#' }, /^tool\./],
      ['any type', { type: '#' }, /./],
      ['too few words', { type: 'tool.*' }, /^$/],
    ])('finds by %s', async (_what, query, expected) => {
      const all = await fill();
      const wanted = ids(all.filter((event) => expected.test(event.type)));
      expect(await findAll(log.store, { ...query, limit: 7 })).toEqual(wanted);
      expect(await findAll(log.store, { ...query, limit: 7, direction: 'backward' })).toEqual(wanted.reverse());
    });

    it('finds by stream, correlation and partition, and by several conditions at once', async () => {
      const all = await fill();
      const conditions = [
        { stream: streamIn('p-1', 'S3') },
        { correlationId: 'c-2' },
        { partition: 'p-0' },
        { stream: streamIn('p-1', 'S3'), correlationId: 'c-2' },
        { partition: 'p-0', correlationId: 'c-2' },
        { partition: 'p-1', type: 'server.started' },
        { stream: streamIn('p-0', 'S2'), type: 'tool.#' },
        { stream: streamIn('p-0', 'S2'), partition: 'p-1' },
        { correlationId: 'nobody' },
        { partition: 'nowhere' },
      ];
      for (const query of conditions) {
        const { type, ...rest } = query as EventQuery;
        const wanted = all.filter(
          (event) =>
            Object.entries(rest).every(([key, value]) => event[key as keyof typeof event] === value) &&
            (type === undefined || event.type.startsWith(type.replace('.#', ''))),
        );
        expect(await findAll(log.store, { ...query, limit: 4 }), JSON.stringify(query)).toEqual(ids(wanted));
        const backward = await findAll(log.store, { ...query, limit: 4, direction: 'backward' });
        expect(backward, JSON.stringify(query)).toEqual(ids(wanted).reverse());
      }
    });

    it('finds by time: from is in, to is out', async () => {
      const all = await fill();
      const middle = all[30]!.time;
      const ahead = new Date(Date.parse(middle) + 3_600_000);
      expect(await findAll(log.store, { from: middle })).toEqual(ids(all.filter((event) => event.time >= middle)));
      expect(await findAll(log.store, { to: middle })).toEqual(ids(all.filter((event) => event.time < middle)));
      expect(await findAll(log.store, { from: middle, to: middle })).toEqual([]);
      expect(await findAll(log.store, { from: '1970-01-01T00:00:00Z', to: ahead.toISOString() })).toEqual(ids(all));
      const sameInstant = `${middle.replace('Z', '')}+00:00`;
      expect(await findAll(log.store, { from: sameInstant })).toEqual(ids(all.filter((event) => event.time >= middle)));
    });

    it('goes on from the cursor of any event', async () => {
      const all = await fill();
      const { items } = await log.store.find({ limit: 1000 });
      for (const at of [0, 1, 17, 50, items.length - 1]) {
        const after = items[at]!.cursor;
        expect(await findAll(log.store, { after, limit: 9 })).toEqual(ids(all).slice(at + 1));
        expect(await findAll(log.store, { after, limit: 9, direction: 'backward' })).toEqual(
          ids(all).slice(0, at).reverse(),
        );
        expect(await findAll(log.store, { after, type: 'tool.#' })).toEqual(
          ids(all.slice(at + 1).filter((event) => event.type.startsWith('tool.'))),
        );
      }
    });

    it('neither skips nor repeats an event while others are appended', async () => {
      const appends = Promise.all(
        Array.from({ length: 300 }, (_, n) => log.store.append(aCommit({ stream: streamIn(`p-${n % 3}`, `S${n}`) }))),
      );
      const seen: string[] = [];
      let after: string | undefined;
      while (seen.length < 300) {
        const page = await log.store.find({ limit: 17, ...(after === undefined ? {} : { after }) });
        seen.push(...page.items.map((item) => item.event.stream));
        after = page.items.at(-1)?.cursor ?? after;
        await new Promise((resolve) => setImmediate(resolve));
      }
      await appends;
      expect(new Set(seen).size).toBe(300);
      expect(await findAll(log.store, {})).toHaveLength(300);
    });

    it('ends a page with null exactly when there is nothing more now', async () => {
      await fill();
      const total = (await findAll(log.store, {})).length;
      const exact = await log.store.find({ limit: total });
      expect(exact.items).toHaveLength(total);
      expect(exact.next).toBeNull();
      expect((await log.store.find({ limit: total - 1 })).next).toBe(exact.items[total - 2]!.cursor);
      expect(await log.store.find({ after: exact.items.at(-1)!.cursor })).toEqual({ items: [], next: null });
    });

    it('gives at most 100 events when nobody says how many', async () => {
      await log.store.append(aCommit({ events: Array.from({ length: 120 }, () => anEvent()) }));
      expect((await log.store.find({})).items).toHaveLength(100);
    });

    it.each(['', 'x', 'MS4w.', 'MS4', '💥', 'A'.repeat(1000), '{"seq":1}'])('refuses the cursor %j', async (after) => {
      await fill();
      expect(await rejectionOf(log.store.find({ after }))).toBeInstanceOf(InvalidCursorError);
    });

    it.each([{ limit: 0 }, { limit: 1001 }, { limit: 1.5 }, { from: 'yesterday' }, { to: '' }])(
      'refuses %j',
      async (query) => {
        await expect(log.store.find(query)).rejects.toThrow(RangeError);
      },
    );
  });
}

import type { RecordedEvent } from '@signalbox/contracts';
import type { Document, Write } from '@signalbox/ports';
import { describe, expect, it } from 'vitest';
import { givenProjection } from './given-projection.js';
import { recorded } from './recorded.js';

const closed = () => recorded('session.closed', { sessionId: 's', reason: 'idle' });
type Reader = Parameters<Parameters<typeof givenProjection>[0]['project']>[1];

/** Counts events; remembers positions only when it is a good one. */
const counter = (good: boolean) => ({
  name: 'counter',
  collections: ['counts'],
  async project(events: readonly RecordedEvent[], read: Reader): Promise<Write[]> {
    const before = await read.get<Document & { count: number; _at: number }>('counts', 'all');
    const fresh = good ? events.filter(({ position }) => position > (before?._at ?? 0)) : events;
    const document = { _id: 'all', count: (before?.count ?? 0) + fresh.length, _at: events.at(-1)!.position };
    return [{ op: 'put', collection: 'counts', document }];
  },
});

describe('givenProjection … when … then', () => {
  const [first, second] = [closed(), closed()];

  it('compares the documents, without _at', async () => {
    await givenProjection(counter(true), [first])
      .when(second)
      .then({ counts: [{ _id: 'all', count: 2 }] });
  });

  it('fails for other documents', async () => {
    const outcome = givenProjection(counter(true)).when(first).then({ counts: [] });
    await expect(outcome).rejects.toThrow('in one batch');
  });

  it('fails for a projection that counts an event twice when it comes again', async () => {
    const outcome = givenProjection(counter(false))
      .when(first)
      .then({ counts: [{ _id: 'all', count: 1 }] });
    await expect(outcome).rejects.toThrow('applied twice');
  });

  it('fails for a projection that uses collections of others', async () => {
    const thief = { ...counter(true), collections: [] };
    await expect(givenProjection(thief).when(first).then({})).rejects.toThrow('counter uses counts');
  });
});

import type { RecordedEvent } from '@signalbox/contracts';
import { givenProjection, recorded } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { applied, wasApplied } from './applied-at.js';
import { documentProjection } from './document-projection.js';

const closed = (sessionId: string, partition = 'a') =>
  recorded('session.closed', { sessionId, reason: 'idle' }, { partition });

/** How often each session was closed; the fourth time it is forgotten. */
const sessions = documentProjection<{ times: number }>({
  name: 'sessions',
  collection: 'sessions',
  types: ['session.*'],
  indexes: ['times'],
  idOf: (event) => (event.type === 'session.closed' ? event.data.sessionId : undefined),
  evolve: (state) => (state?.times === 3 ? undefined : { times: (state?.times ?? 0) + 1 }),
});

describe('documentProjection', () => {
  it('folds the events of each document', async () => {
    await givenProjection(sessions, [closed('x'), closed('y')])
      .when(closed('x', 'b'), closed('x'))
      .then({
        sessions: [
          { _id: 'x', times: 3 },
          { _id: 'y', times: 1 },
        ],
      });
  });

  it('leaves events alone that belong to no document', async () => {
    await givenProjection(sessions)
      .when(recorded('server.removed', { server: 's', reason: 'r' }))
      .then({ sessions: [] });
  });

  it('writes each document once per batch, and nothing for what it has already', async () => {
    const events: RecordedEvent[] = [closed('x'), closed('x')];
    const none = { get: async () => undefined, getMany: async () => [] };
    const writes = await sessions.project(events, none);
    expect(writes).toHaveLength(1);
    const [write] = writes;
    if (write?.op !== 'put') throw new Error('a document was expected');
    const stored = { ...none, getMany: async () => [write.document] as never[] };
    expect(await sessions.project(events, stored)).toEqual([]);
  });

  it('deletes a document that was there, and forgets one that never was stored', async () => {
    const four = [1, 2, 3, 4].map(() => closed('x'));
    const none = { get: async () => undefined, getMany: async () => [] };
    expect(await sessions.project(four, none)).toEqual([]);
    const stored = { ...none, getMany: async () => [{ _id: 'x', times: 3 }] as never[] };
    expect(await sessions.project([closed('x')], stored)).toEqual([{ op: 'delete', collection: 'sessions', id: 'x' }]);
  });

  it('names its indexes', () => {
    expect(sessions).toMatchObject({ collections: ['sessions'], indexes: { sessions: ['times'] } });
  });
});

describe('_at', () => {
  const at = (partition: string, position: number, index: number) =>
    recorded('session.closed', { sessionId: 's', reason: 'idle' }, { partition, position, index });

  it('knows what is in a document by partition, position and index', () => {
    const document = applied(applied({ n: 1 }, at('a', 3, 1)), at('b', 1, 0));
    expect(document).toEqual({ n: 1, _at: { a: 3001, b: 1000 } });
    for (const event of [at('a', 2, 499), at('a', 3, 0), at('a', 3, 1), at('b', 1, 0)]) {
      expect(wasApplied(document, event)).toBe(true);
    }
    for (const event of [at('a', 3, 2), at('a', 4, 0), at('b', 1, 1), at('c', 1, 0)]) {
      expect(wasApplied(document, event)).toBe(false);
    }
    expect(wasApplied(undefined, at('a', 1, 0))).toBe(false);
  });
});

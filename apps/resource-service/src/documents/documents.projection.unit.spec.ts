import { givenProjection, recorded } from '@signalbox/testing';
import { describe, it } from 'vitest';
import { collectionsProjection, documentsProjection } from './documents.projection.js';

const at = (second: number) => ({ time: `2026-01-01T00:00:0${second}.000Z` });
const created = (id: string, version: number, second: number, n: number) =>
  recorded('resource.created', { collection: 'notes', id, version, document: { n } }, at(second));
const updated = (id: string, version: number, second: number, n: number) =>
  recorded('resource.updated', { collection: 'notes', id, version, document: { n } }, at(second));
const deleted = (id: string, version: number, second: number) =>
  recorded('resource.deleted', { collection: 'notes', id, version }, at(second));

const document = (id: string, version: number, [createdAt, updatedAt]: [number, number], n: number) => ({
  _id: `notes:${id}`,
  collection: 'notes',
  id,
  version,
  createdAt: at(createdAt).time,
  updatedAt: at(updatedAt).time,
  deleted: false,
  document: { n },
});

describe('documents projection', () => {
  it('has a document as it was created', () =>
    givenProjection(documentsProjection)
      .when(created('a', 1, 1, 10))
      .then({ documents: [document('a', 1, [1, 1], 10)] }));

  it('has the newest version, and the time of the first', () =>
    givenProjection(documentsProjection, [created('a', 1, 1, 10)])
      .when(updated('a', 2, 2, 20), updated('a', 3, 3, 30))
      .then({ documents: [document('a', 3, [1, 3], 30)] }));

  it('keeps the version of a deleted document, and nothing of its content', () =>
    givenProjection(documentsProjection, [created('a', 1, 1, 10)])
      .when(deleted('a', 2, 2))
      .then({ documents: [{ ...document('a', 2, [1, 2], 0), deleted: true, document: {} }] }));

  it('has a document that was made again, created anew', () =>
    givenProjection(documentsProjection, [created('a', 1, 1, 10), deleted('a', 2, 2)])
      .when(created('a', 3, 3, 30))
      .then({ documents: [document('a', 3, [3, 3], 30)] }));

  it('keeps documents apart', () =>
    givenProjection(documentsProjection)
      .when(created('a', 1, 1, 10), created('b', 1, 2, 20), updated('a', 2, 3, 30))
      .then({ documents: [document('a', 2, [1, 3], 30), document('b', 1, [2, 2], 20)] }));
});

describe('collections projection', () => {
  it('has each collection once', () =>
    givenProjection(collectionsProjection)
      .when(
        created('a', 1, 1, 1),
        created('b', 1, 2, 2),
        recorded('resource.created', { collection: 'tasks', id: 'a', version: 1, document: {} }),
      )
      .then({ document_collections: [{ _id: 'notes' }, { _id: 'tasks' }] }));
});

import { documentProjection, type Projection } from '@signalbox/runtime';
import { nameOf } from './document-key.js';
import { evolveDocument, type DocumentState } from './document-state.js';

export const DOCUMENTS = 'documents';
export const COLLECTIONS = 'document_collections';

const types = ['resource.created', 'resource.updated', 'resource.deleted'];
const partitions = (name: string) => name.startsWith('entity-');

/** The newest state of every document, deleted ones included. */
export const documentsProjection: Projection = documentProjection<DocumentState>({
  name: 'documents',
  collection: DOCUMENTS,
  types,
  partitions,
  indexes: ['collection', 'updatedAt'],
  idOf: (event) => (event.type.startsWith('resource.') ? nameOf(event.data as DocumentState) : undefined),
  evolve: evolveDocument,
});

/** The names of the collections that ever had a document. */
export const collectionsProjection: Projection = {
  name: 'document-collections',
  collections: [COLLECTIONS],
  types: ['resource.created'],
  partitions,
  project: (events) => {
    const names = new Set(events.map(({ data }) => (data as { collection: string }).collection));
    return [...names].map((_id) => ({ op: 'put', collection: COLLECTIONS, document: { _id } }));
  },
};

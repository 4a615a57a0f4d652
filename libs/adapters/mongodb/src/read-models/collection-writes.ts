import type { Document, Write } from '@signalbox/ports';
import type { AnyBulkWriteOperation } from 'mongodb';
import { storedName } from './collection-name.js';

/** No length of time makes a longer id useful. */
const MAX_ID_LENGTH = 512;

/** Documents by their `_id`; undefined for one that goes. */
export type CollectionWrites = ReadonlyMap<string, Document | undefined>;

/**
 * What a list of writes leaves in each collection. Writes are whole documents, so of several to one document the last
 * one is all that counts.
 * @returns by the stored name of the collection
 * @throws RangeError for the name of a collection, or an `_id`, that is not allowed
 */
export function lastWrites(writes: readonly Write[]): ReadonlyMap<string, CollectionWrites> {
  const collections = new Map<string, Map<string, Document | undefined>>();
  for (const write of writes) {
    const name = storedName(write.collection);
    let documents = collections.get(name);
    if (!documents) collections.set(name, (documents = new Map()));
    if (write.op === 'delete') documents.set(write.id, undefined);
    else documents.set(checkedId(write.collection, write.document), write.document);
  }
  return collections;
}

/** One kind of operation after the other, so that the driver needs one message for each kind. */
export function bulkOperations(documents: CollectionWrites): AnyBulkWriteOperation<Document>[] {
  const operations: AnyBulkWriteOperation<Document>[] = [];
  const gone: string[] = [];
  for (const [_id, document] of documents) {
    if (document) operations.push({ replaceOne: { filter: { _id }, replacement: document, upsert: true } });
    else gone.push(_id);
  }
  if (gone.length > 0) operations.push({ deleteMany: { filter: { _id: { $in: gone } } } });
  return operations;
}

function checkedId(collection: string, { _id }: Document): string {
  if (typeof _id === 'string' && _id !== '' && _id.length <= MAX_ID_LENGTH) return _id;
  throw new RangeError(`_id of a document for ${collection} is not allowed: a string of 1–${MAX_ID_LENGTH} characters`);
}

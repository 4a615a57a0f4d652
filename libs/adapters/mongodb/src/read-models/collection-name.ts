/** Names of collections, as every adapter allows them. */
const COLLECTION_NAME = /^[A-Za-z0-9_.~:@-]{1,120}$/;

/** Keeps them apart from the collections of the log and from the server's own. */
const PREFIX = 'rm_';

/** @throws RangeError for a name outside the allowed */
export function storedName(collection: string): string {
  if (!COLLECTION_NAME.test(collection)) {
    throw new RangeError(
      `collection ${JSON.stringify(collection.slice(0, 130))} is not allowed: 1–120 letters, digits and _ . ~ : @ -`,
    );
  }
  // FerretDB cannot rename a collection with a dot in its name
  return PREFIX + collection.replaceAll('.', '!');
}

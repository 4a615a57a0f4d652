/** Names of collections, checkpoints aside. */
const COLLECTION_NAME = /^[A-Za-z0-9_.~:@-]{1,120}$/;

/**
 * The table of a collection, quoted. Table names ignore case in SQLite and collections do not, so capitals are marked.
 * @throws RangeError for a name outside the allowed
 */
export function tableOf(collection: string): string {
  if (!COLLECTION_NAME.test(collection)) {
    throw new RangeError(
      `collection ${JSON.stringify(collection.slice(0, 130))} is not allowed: 1–120 letters, digits and _ . ~ : @ -`,
    );
  }
  return `"c_${collection.replace(/[A-Z]/g, (capital) => `^${capital.toLowerCase()}`)}"`;
}

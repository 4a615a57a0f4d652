import * as z from 'zod';

/** Which document. */
export interface DocumentKey {
  readonly collection: string;
  readonly id: string;
}

export const collectionSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9_-]{0,62}$/,
    'a collection is a lower-case letter, then at most 62 lower-case letters, digits, _ or -',
  );

/**
 * The unreserved characters of RFC 3986, so that a document's URL needs no escapes; no leading dot, which paths resolve;
 * no longer than what Fastify's router takes as a parameter.
 */
export const documentIdSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,99}$/,
    'a document id is 1 to 100 letters, digits, _ ~ - or . and does not begin with a dot',
  );

/** A collection has no colon in it, so no two documents share a name. */
export const nameOf = ({ collection, id }: DocumentKey): string => `${collection}:${id}`;

/** The stream that is the document. */
export const streamOf = (key: DocumentKey): string => `resource-${nameOf(key)}`;

export const uriOf = ({ collection, id }: DocumentKey): string => `resource://${collection}/${id}`;

/** The document behind a `resource://{collection}/{id}`; undefined for any other URI. */
export function keyOfUri(uri: string): DocumentKey | undefined {
  const match = /^resource:\/\/([^/?#]+)\/([^/?#]+)$/.exec(uri);
  if (!match) return undefined;
  const [collection, id] = [decode(match[1]!), decode(match[2]!)];
  const valid = collectionSchema.safeParse(collection).success && documentIdSchema.safeParse(id).success;
  return valid ? { collection, id } : undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

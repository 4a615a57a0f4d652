import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** SHA-256 (lower-case hex) of a JSON value in the form of RFC 8785: the same whatever the order of its keys. */
export function definitionHash(definition: object): string {
  return createHash('sha256')
    .update(canonicalize(definition) ?? '')
    .digest('hex');
}

import { Refusal } from '@signalbox/domain/decider';
import type { ResourceRefusal } from '@signalbox/domain/resource';
import { ProblemException } from '@signalbox/nest-kit';
import { uriOf, type DocumentKey } from './document-key.js';
import type { DocumentState } from './document-state.js';
import { etagOf, matches, type Precondition } from './precondition.js';

/**
 * The version that a document must still have when it is written, as `If-Match` asks.
 * @throws ProblemException 412 when it is not met already
 */
export function versionToMatch(condition: Precondition, key: DocumentKey, state: DocumentState | undefined): number {
  if (state && !state.deleted && matches(condition, state.version)) return state.version;
  throw preconditionFailed(key, state && !state.deleted ? state.version : undefined);
}

/** @param currentVersion undefined when there is no such document */
export function preconditionFailed(key: DocumentKey, currentVersion: number | undefined): ProblemException {
  const is = currentVersion === undefined ? 'does not exist' : `is at version ${currentVersion}`;
  return new ProblemException(412, 'Precondition Failed', {
    detail: `${uriOf(key)} ${is}`,
    collection: key.collection,
    id: key.id,
    currentVersion: currentVersion ?? null,
    currentETag: currentVersion === undefined ? null : etagOf(currentVersion),
  });
}

/** The problem behind a refusal; other errors as they are. */
export function problemOfRefusal(error: unknown, key: DocumentKey): unknown {
  if (!(error instanceof Refusal)) return error;
  const { code, message, details } = error as Refusal<ResourceRefusal>;
  const extra = { detail: message, ...details };
  switch (code) {
    case 'version-conflict': {
      const current = Number(details['currentVersion']);
      return preconditionFailed(key, current > 0 ? current : undefined);
    }
    case 'already-exists':
      return new ProblemException(409, 'Conflict', extra);
    case 'not-found':
    case 'gone':
      return new ProblemException(404, 'Not Found', extra);
  }
}

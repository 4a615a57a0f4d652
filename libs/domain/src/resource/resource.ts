import { createEvent, type NewEvent } from '@signalbox/contracts';
import { Refusal, type Decider } from '../decider/index.js';

export type JsonDocument = Readonly<Record<string, unknown>>;

/** One document of a collection. Versions count its events, deletions included, and go on after a re-creation. */
export interface ResourceState {
  readonly phase: 'never' | 'present' | 'deleted';
  /** 0 when it has never been. */
  readonly version: number;
  readonly document?: JsonDocument;
}

interface OfResource {
  readonly collection: string;
  readonly id: string;
}
/** The version that the document must have, as `If-Match` says it; absent when it does not matter. */
interface Expecting {
  readonly expectedVersion?: number;
}

export type ResourceCommand =
  /** Refused when the document is there. */
  | (OfResource & { readonly kind: 'create'; readonly document: JsonDocument })
  /** Replaces the document; refused when there is none. */
  | (OfResource & Expecting & { readonly kind: 'update'; readonly document: JsonDocument })
  /** Creates or replaces. A document that is not there has version 0 for `expectedVersion`. */
  | (OfResource & Expecting & { readonly kind: 'put'; readonly document: JsonDocument })
  | (OfResource & Expecting & { readonly kind: 'delete' });

export type ResourceEvent = NewEvent<'resource.created' | 'resource.updated' | 'resource.deleted'>;

export type ResourceRefusal = 'already-exists' | 'not-found' | 'gone' | 'version-conflict';

export interface ResourcePolicy {
  /** Whether a deleted document's id may be used again. Default true; its versions then go on. */
  readonly recreate?: boolean;
}

/**
 * Decides what may happen to one document.
 * A refusal's details have `currentVersion`.
 */
export function resourceDecider({ recreate = true }: ResourcePolicy = {}): Decider<
  ResourceState,
  ResourceCommand,
  ResourceEvent
> {
  return {
    initial: { phase: 'never', version: 0 },

    evolve(_state, event) {
      const { version } = event.data;
      if (event.type === 'resource.deleted') return { phase: 'deleted', version };
      return { phase: 'present', version, document: event.data.document };
    },

    decide(command, state) {
      const { kind, collection, id } = command;
      const present = state.phase === 'present';
      if (kind === 'create' && present) throw refusal(command, state, 'already-exists', 'exists already');
      if ((kind === 'update' || kind === 'delete') && !present) throw missing(command, state);
      if (kind !== 'create') refuseOtherVersion(command, state);
      if (!present && state.phase === 'deleted' && !recreate) {
        throw refusal(command, state, 'gone', 'was deleted, and its id may not be used again');
      }
      const version = state.version + 1;
      if (kind === 'delete') return [createEvent('resource.deleted', { collection, id, version })];
      const type = present ? 'resource.updated' : 'resource.created';
      return [createEvent(type, { collection, id, version, document: { ...command.document } })];
    },
  };
}

function refuseOtherVersion(command: OfResource & Expecting, state: ResourceState): void {
  const { expectedVersion } = command;
  const current = state.phase === 'present' ? state.version : 0;
  if (expectedVersion === undefined || expectedVersion === current) return;
  throw refusal(command, state, 'version-conflict', `is at version ${current}, not ${expectedVersion}`);
}

function missing(command: OfResource, state: ResourceState): Refusal<ResourceRefusal> {
  return state.phase === 'deleted'
    ? refusal(command, state, 'gone', 'was deleted')
    : refusal(command, state, 'not-found', 'does not exist');
}

function refusal(
  { collection, id }: OfResource,
  state: ResourceState,
  code: ResourceRefusal,
  why: string,
): Refusal<ResourceRefusal> {
  return new Refusal(code, `${collection}/${id} ${why}`, { collection, id, currentVersion: state.version });
}

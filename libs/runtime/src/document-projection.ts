import type { RecordedEvent } from '@signalbox/contracts';
import type { Document, Write } from '@signalbox/ports';
import { applied, wasApplied, type Stamped } from './applied-at.js';
import type { Projection } from './projection.js';

export interface DocumentProjectionOptions<State extends object> {
  readonly name: string;
  readonly collection: string;
  readonly types: readonly string[];
  readonly partitions?: (name: string) => boolean;
  readonly indexes?: readonly string[];
  /** The document that an event belongs to; undefined when it belongs to none. */
  idOf(event: RecordedEvent): string | undefined;
  /**
   * The document after the event; undefined deletes it. Pure; applied once to each event.
   * @param state without `_id` and `_at`; undefined when there is no document yet
   */
  evolve(state: State | undefined, event: RecordedEvent): State | undefined;
}

/** A projection of one collection whose documents are folds over their events. Re-application of events changes nothing. */
export function documentProjection<State extends object>(options: DocumentProjectionOptions<State>): Projection {
  const { name, collection, types, partitions, indexes, idOf, evolve } = options;
  return {
    name,
    collections: [collection],
    types,
    partitions,
    ...(indexes && { indexes: { [collection]: indexes } }),
    async project(events, read) {
      const byId = new Map<string, RecordedEvent[]>();
      for (const event of events) {
        const id = idOf(event);
        if (id === undefined) continue;
        const list = byId.get(id);
        if (list) list.push(event);
        else byId.set(id, [event]);
      }
      const stored = new Map((await read.getMany(collection, [...byId.keys()])).map((doc) => [doc._id, doc]));
      return [...byId].flatMap(([id, own]) => fold(collection, id, stored.get(id), own, evolve));
    },
  };
}

function fold<State extends object>(
  collection: string,
  id: string,
  stored: Document | undefined,
  events: readonly RecordedEvent[],
  evolve: DocumentProjectionOptions<State>['evolve'],
): Write[] {
  let document: (object & Stamped) | undefined = stored;
  let changed = false;
  for (const event of events) {
    if (wasApplied(document, event)) continue;
    changed = true;
    const at = document?._at;
    const state = evolve(stateOf<State>(document), event);
    document = state && applied({ ...state, _at: at }, event);
  }
  if (!changed) return [];
  if (document) return [{ op: 'put', collection, document: { ...document, _id: id } as Document }];
  return stored ? [{ op: 'delete', collection, id }] : [];
}

function stateOf<State extends object>(document: object | undefined): State | undefined {
  if (!document) return undefined;
  const { _id, _at, ...state } = document as { _id?: string; _at?: unknown };
  return state as State;
}

import type { RecordedEvent } from '@signalbox/contracts';

/** A document after some of its events. A deleted one keeps its version, so that one made later under its id counts on. */
export interface DocumentState {
  readonly collection: string;
  readonly id: string;
  readonly version: number;
  /** RFC 3339. */
  readonly createdAt: string;
  /** RFC 3339. */
  readonly updatedAt: string;
  readonly deleted: boolean;
  /** Empty when deleted. */
  readonly document: Readonly<Record<string, unknown>>;
}

/** The document after the event; unchanged by events of other kinds. */
export function evolveDocument(state: DocumentState | undefined, event: RecordedEvent): DocumentState | undefined {
  switch (event.type) {
    case 'resource.created':
    case 'resource.updated': {
      const { collection, id, version, document } = event.data;
      const createdAt = event.type === 'resource.created' || !state ? event.time : state.createdAt;
      return { collection, id, version, createdAt, updatedAt: event.time, deleted: false, document };
    }
    case 'resource.deleted': {
      const { collection, id, version } = event.data;
      const createdAt = state?.createdAt ?? event.time;
      return { collection, id, version, createdAt, updatedAt: event.time, deleted: true, document: {} };
    }
    default:
      return state;
  }
}

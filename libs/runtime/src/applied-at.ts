import type { RecordedEvent } from '@signalbox/contracts';

/** Partition → the newest event of it that a document has in itself, as position × 1000 + index. */
export type AppliedAt = Readonly<Record<string, number>>;

/** What {@link applied} adds to a document. */
export interface Stamped {
  readonly _at?: AppliedAt;
}

// a commit has at most 500 events
const EVENTS_PER_POSITION = 1000;
const ordinal = (event: RecordedEvent): number => event.position * EVENTS_PER_POSITION + event.index;

/** True when the document has this event, or a later one of its partition, in itself already. */
export function wasApplied(document: Stamped | undefined, event: RecordedEvent): boolean {
  return (document?._at?.[event.partition] ?? 0) >= ordinal(event);
}

/** The document with the note that it has this event in itself. */
export function applied<T extends object>(
  document: T & Stamped,
  event: RecordedEvent,
): T & { readonly _at: AppliedAt } {
  return { ...document, _at: { ...document._at, [event.partition]: ordinal(event) } };
}

import type { RecordedEvent } from '@signalbox/contracts';
import type { Document, Write } from '@signalbox/ports';

/** Turns events of the log into documents (DESIGN section 3). */
export interface Projection {
  /** Unique in the read models; the name of its checkpoint. */
  readonly name: string;
  /** The collections it writes, and nobody else does. */
  readonly collections: readonly string[];
  /** Routing keys or patterns (`*` one word, `#` any number of words). */
  readonly types: readonly string[];
  /** Which partitions to read; all when absent. */
  readonly partitions?: (name: string) => boolean;
  /** Fields that filters and sorts use, by collection. */
  readonly indexes?: Readonly<Record<string, readonly string[]>>;
  /**
   * Makes the documents that these events lead to. Called again with the same events after a crash or a failure, so documents
   * that are derived from their own former state carry `_at` ({@link wasApplied}, {@link applied}); {@link documentProjection} does it all.
   * Throwing stops the projection at the event that it cannot take; throwing an error with `retryable: true` tries again.
   * @param events in the order of each partition, never empty
   */
  project(events: readonly RecordedEvent[], read: ProjectionReader): readonly Write[] | Promise<readonly Write[]>;
}

/** What a projection has stored so far. Collections by the names that the projection gives them, also while it is rebuilt. */
export interface ProjectionReader {
  get<T extends Document>(collection: string, id: string): Promise<T | undefined>;
  getMany<T extends Document>(collection: string, ids: readonly string[]): Promise<T[]>;
}

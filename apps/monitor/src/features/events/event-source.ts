import type { EventPage } from '@signalbox/ports';
import type { EventFilter } from './event-query.js';
import type { EventReader } from './event-reader.js';

type Item = EventPage['items'][number];

/** What a stream has to say next. */
export interface Batch {
  readonly items: readonly Item[];
  /** There is more to read at once. */
  readonly more: boolean;
  /** Events between the last batch and this one were left out (`mode=newest` only). */
  readonly skipped: boolean;
}

export interface BatchSource {
  next(): Promise<Batch>;
}

/** Every event behind a cursor, in order: the log is the buffer of a slow reader. */
export class CompleteSource implements BatchSource {
  constructor(
    private readonly reader: EventReader,
    private readonly filter: EventFilter,
    private cursor: string | undefined,
    private readonly batch: number,
  ) {}

  async next(): Promise<Batch> {
    // taken before reading: when nothing up to it matches, the next read may begin there instead of going over it again
    const tail = await this.reader.tail();
    const page = await this.reader.read(this.filter, { after: this.cursor, direction: 'forward', limit: this.batch });
    this.cursor = page.next ?? page.items.at(-1)?.cursor ?? tail ?? this.cursor;
    return { items: page.items, more: page.next !== null, skipped: false };
  }
}

/** The newest events only, for a person who reads along: what came faster than a screen shows is left out, and said so. */
export class NewestSource implements BatchSource {
  constructor(
    private readonly reader: EventReader,
    private readonly filter: EventFilter,
    private cursor: string | undefined,
    private readonly batch: number,
  ) {}

  async next(): Promise<Batch> {
    if (this.cursor !== undefined) {
      const page = await this.reader.read(this.filter, { after: this.cursor, direction: 'forward', limit: this.batch });
      if (page.next === null) return this.batchOf(page.items, false);
    }
    const page = await this.reader.read(this.filter, { direction: 'backward', limit: this.batch });
    return this.batchOf(page.items.toReversed(), this.cursor !== undefined);
  }

  private batchOf(items: readonly Item[], skipped: boolean): Batch {
    this.cursor = items.at(-1)?.cursor ?? this.cursor;
    return { items, more: false, skipped };
  }
}

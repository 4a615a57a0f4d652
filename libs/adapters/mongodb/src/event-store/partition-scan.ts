import type { Collection, Document } from 'mongodb';
import { fromDocument, positions, type CommitDocument, type StoredCommit } from './commit-document.js';

/** What a search asks of the commits of every partition. */
export interface Conditions {
  readonly stream?: string | undefined;
  readonly correlationId?: string | undefined;
  /** Commits with an event of one of these types; undefined for all. */
  readonly types?: readonly string[] | undefined;
}

/** Positions, inclusive. */
export interface Range {
  from: number;
  to: number;
}

/** The commits of one partition that meet the conditions, one after the other in the direction of reading, read in chunks. */
export class PartitionScan {
  private chunk: StoredCommit[] = [];
  private at = 0;
  private ended = false;

  constructor(
    readonly partition: string,
    private readonly commits: Collection<CommitDocument>,
    private readonly conditions: Conditions,
    private readonly range: Range,
    private readonly reading: { readonly backward: boolean; readonly chunk: number },
  ) {}

  /** The commit that is next; undefined when there is none. To be called after {@link fill}. */
  get next(): StoredCommit | undefined {
    return this.chunk[this.at];
  }

  /** Makes sure that `next` is known. */
  async fill(): Promise<void> {
    if (this.at < this.chunk.length || this.ended) return;
    const { from, to } = this.range;
    this.chunk = from > to ? [] : await this.read();
    this.at = 0;
    this.ended = this.chunk.length < this.reading.chunk;
    const last = this.chunk.at(-1)?.position;
    if (last === undefined) return;
    if (this.reading.backward) this.range.to = last - 1;
    else this.range.from = last + 1;
  }

  skip(): void {
    this.at++;
  }

  private async read(): Promise<StoredCommit[]> {
    const direction = this.reading.backward ? -1 : 1;
    const { filter, order } = this.query();
    const found = await this.commits
      .find(filter)
      .sort({ [order]: direction })
      .limit(this.reading.chunk)
      .toArray();
    return found.map(fromDocument);
  }

  /** Sorted by what ends the index that serves the filter; all of them grow with the position. */
  private query(): { filter: Document; order: string } {
    const { partition, conditions } = this;
    const { from, to } = this.range;
    const { stream, correlationId, types } = conditions;
    const asked = {
      ...(stream === undefined ? {} : { stream }),
      ...(correlationId === undefined ? {} : { correlationId }),
      ...(types === undefined ? {} : { types: { $in: types } }),
    };
    if (Object.keys(asked).length === 0) return { filter: positions(partition, from - 1, to), order: '_id' };
    const position = { $gte: from, $lte: to };
    return { filter: { partition, ...asked, position }, order: stream === undefined ? 'position' : 'firstVersion' };
  }
}

import { checkedLimit, checkedTime, eventsOf, TopicPattern } from '@signalbox/adapter-kit';
import type { RecordedEvent } from '@signalbox/contracts';
import type { EventPage, EventQuery } from '@signalbox/ports';
import { commitKey, MAX_POSITION, type StoredCommit } from './commit-document.js';
import type { CommitReader } from './commit-reader.js';
import { decodeCursor, encodeCursor, type Place } from './cursor.js';
import type { LogCollections } from './log-collections.js';
import { PartitionScan, type Conditions, type Range } from './partition-scan.js';

const MIN_CHUNK = 16;

/**
 * Searches each partition along an index, and merges what it finds by time; of commits of the same time those of the
 * partition with the lesser name come first. Clocks of several writers may differ: the order of one partition is exact,
 * that between partitions as good as their clocks. A cursor belongs to the query it came from.
 */
export class EventFinder {
  constructor(
    private readonly collections: LogCollections,
    private readonly reader: CommitReader,
  ) {}

  /**
   * @param streamPartition the partition of `query.stream`
   * @throws InvalidCursorError
   * @throws RangeError when the limit or a time is not allowed
   */
  async find(query: EventQuery, streamPartition: string | undefined): Promise<EventPage> {
    const limit = checkedLimit(query.limit);
    const backward = query.direction === 'backward';
    const place = query.after === undefined ? undefined : decodeCursor(query.after);
    const from = query.from === undefined ? undefined : checkedTime('from', query.from);
    const to = query.to === undefined ? undefined : checkedTime('to', query.to);
    const pattern = query.type === undefined ? undefined : new TopicPattern(query.type);
    const types = pattern && (await this.matching(pattern));
    if (types?.length === 0) return { items: [], next: null };
    const { stream, correlationId } = query;
    const partitions = await this.partitions(query, streamPartition);
    const chunk = Math.min(limit + 1, Math.max(MIN_CHUNK, Math.ceil((2 * limit) / Math.max(1, partitions.length))));
    const scans = await Promise.all(
      partitions.map(async (partition) => {
        const range = await this.range(partition, { place, from, to, backward });
        const conditions: Conditions = { stream, correlationId, types };
        return new PartitionScan(partition, this.collections.commits, conditions, range, { backward, chunk });
      }),
    );
    return new Page(scans, { limit, backward, pattern, place }).read();
  }

  /** The types that match; undefined when all do. */
  private async matching(pattern: TopicPattern): Promise<string[] | undefined> {
    const all = await this.reader.types();
    const matching = all.filter((type) => pattern.matches(type));
    return matching.length === all.length && all.length > 0 ? undefined : matching;
  }

  private async partitions(query: EventQuery, streamPartition: string | undefined): Promise<string[]> {
    const { partition = streamPartition, stream, correlationId } = query;
    if (stream !== undefined && partition !== streamPartition) return [];
    if (partition !== undefined) return [partition];
    if (correlationId === undefined) return this.reader.partitionNames();
    return (await this.collections.commits.distinct('partition', { correlationId })).sort();
  }

  private async range(
    partition: string,
    bounds: { place: Place | undefined; from: string | undefined; to: string | undefined; backward: boolean },
  ): Promise<Range> {
    const { place, from, to, backward } = bounds;
    const range = { from: 1, to: MAX_POSITION };
    if (from !== undefined || to !== undefined) {
      const last = await this.lastPosition(partition);
      if (from !== undefined) range.from = await this.positionOfTime(partition, from, last);
      if (to !== undefined) range.to = (await this.positionOfTime(partition, to, last)) - 1;
    }
    if (place) {
      const own = place.partition === partition;
      const before = own ? place.position : (place.before[partition] ?? 0);
      if (backward) range.to = Math.min(range.to, before);
      else range.from = Math.max(range.from, own ? before : before + 1);
    }
    return range;
  }

  private async lastPosition(partition: string): Promise<number> {
    return (await this.reader.head(partition))?.position ?? 0;
  }

  /** The first position in 1..last + 1 whose commit is not before `time`: times grow with positions. */
  private async positionOfTime(partition: string, time: string, last: number): Promise<number> {
    let low = 1;
    let high = last + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const found = await this.collections.commits.findOne(
        { _id: commitKey(partition, middle) },
        { projection: { _id: 0, time: 1 } },
      );
      if (!found || found.time >= time) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

interface PageOptions {
  readonly limit: number;
  readonly backward: boolean;
  readonly pattern: TopicPattern | undefined;
  readonly place: Place | undefined;
}

/** One page, merged from all partitions. */
class Page {
  private readonly items: EventPage['items'][number][] = [];
  /** Partition → newest position that is before what comes next. */
  private readonly before: Record<string, number>;

  constructor(
    private readonly scans: readonly PartitionScan[],
    private readonly options: PageOptions,
  ) {
    const { place } = options;
    this.before = place ? { ...place.before, [place.partition]: place.position } : {};
  }

  async read(): Promise<EventPage> {
    const { limit, backward, pattern } = this.options;
    await this.start();
    for (;;) {
      const scan = await this.first();
      if (!scan) return { items: this.items, next: null };
      const commit = scan.next!;
      for (const event of this.events(commit)) {
        if (pattern && !pattern.matches(event.type)) continue;
        if (!this.isBehind(event)) continue;
        if (this.items.length === limit) return { items: this.items, next: this.items[limit - 1]!.cursor };
        this.items.push({ event, cursor: this.cursor(event) });
      }
      scan.skip();
      this.before[scan.partition] = backward ? commit.position - 1 : commit.position;
    }
  }

  /** Reading backward from the end, everything there is comes before. */
  private async start(): Promise<void> {
    await this.fill();
    if (!this.options.backward) return;
    for (const { partition, next } of this.scans) this.before[partition] = next?.position ?? 0;
  }

  private async fill(): Promise<void> {
    await Promise.all(this.scans.map((scan) => scan.fill()));
  }

  private async first(): Promise<PartitionScan | undefined> {
    await this.fill();
    let best: PartitionScan | undefined;
    for (const scan of this.scans) {
      if (scan.next && (!best || this.isFirst(scan.next, best.next!))) best = scan;
    }
    return best;
  }

  private isFirst(a: StoredCommit, b: StoredCommit): boolean {
    const earlier = a.time === b.time ? a.partition < b.partition : a.time < b.time;
    return this.options.backward ? !earlier : earlier;
  }

  /** The events of a commit in the direction of reading. A damaged commit has none: verification reports it. */
  private events(commit: StoredCommit): RecordedEvent[] {
    if (!commit.parsed) return [];
    const events = eventsOf(commit);
    return this.options.backward ? events.reverse() : events;
  }

  private isBehind({ partition, position, index }: RecordedEvent): boolean {
    const { place, backward } = this.options;
    if (!place || partition !== place.partition || position !== place.position) return true;
    return backward ? index < place.index : index > place.index;
  }

  private cursor({ partition, position, index }: RecordedEvent): string {
    const others = Object.entries(this.before)
      .filter(([name, newest]) => name !== partition && newest > 0)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return encodeCursor({ partition, position, index, before: Object.fromEntries(others) });
  }
}

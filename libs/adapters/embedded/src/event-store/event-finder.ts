import { checkedLimit, checkedTime, eventsOf, TopicPattern } from '@signalbox/adapter-kit';
import type { RecordedEvent } from '@signalbox/contracts';
import { StoreUnavailableError, type EventPage, type EventQuery } from '@signalbox/ports';
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CommitReader } from './commit-reader.js';
import { ScanPlanner, type Candidate, type Conditions } from './commit-scan.js';
import { decodeCursor, encodeCursor, type Place } from './cursor.js';
import type { LogState } from './log-state.js';

/** Commits looked at before the event loop gets a turn. */
const COMMITS_PER_TURN = 1000;
/** Commits looked at for one page; a page may then have fewer events than its limit, and a cursor to go on from. */
const MAX_COMMITS_PER_PAGE = 200_000;
/** Behind the last event of any commit. */
const LAST_INDEX = 999;

type Item = EventPage['items'][number];

/** Searches the log along one index, with the other conditions checked on the way. */
export class EventFinder {
  private readonly planner: ScanPlanner;

  constructor(
    private readonly db: DatabaseSync,
    private readonly state: LogState,
    private readonly reader: CommitReader,
  ) {
    this.planner = new ScanPlanner(db, state);
  }

  /**
   * @param streamPartition the partition of `query.stream`
   * @throws InvalidCursorError
   * @throws RangeError when the limit or a time is not allowed
   */
  async find(query: EventQuery, streamPartition: string | undefined): Promise<EventPage> {
    const limit = checkedLimit(query.limit);
    const backward = query.direction === 'backward';
    const place = query.after === undefined ? undefined : decodeCursor(query.after);
    const pattern = query.type === undefined ? undefined : new TopicPattern(query.type);
    let { from, to } = this.range(query, place, backward);
    const conditions = this.conditions(query, streamPartition, pattern);
    if (!conditions) return { items: [], next: null };
    const scan = this.planner.plan(conditions, backward ? 'DESC' : 'ASC');
    const items: Item[] = [];
    for (let looked = 0; from <= to;) {
      const candidates = scan({ from, to }, Math.min(limit + 1, COMMITS_PER_TURN));
      const last = candidates.at(-1);
      if (!last) break;
      for (const candidate of candidates) {
        if (!meets(candidate, conditions)) continue;
        for (const item of this.items(candidate.seq, backward)) {
          if (place && !isBehind(item.place, place, backward)) continue;
          if (pattern && !pattern.matches(item.event.type)) continue;
          if (items.length === limit) return { items, next: items[limit - 1]!.cursor };
          items.push({ event: item.event, cursor: encodeCursor(item.place) });
        }
      }
      if (backward) to = last.seq - 1;
      else from = last.seq + 1;
      const before = looked;
      looked += candidates.length;
      if (looked >= MAX_COMMITS_PER_PAGE) {
        return { items, next: encodeCursor({ seq: last.seq, index: backward ? 0 : LAST_INDEX }) };
      }
      if (Math.floor(looked / COMMITS_PER_TURN) > Math.floor(before / COMMITS_PER_TURN)) await this.pause();
    }
    return { items, next: null };
  }

  private range(query: EventQuery, place: Place | undefined, backward: boolean): { from: number; to: number } {
    let from = query.from === undefined ? 1 : this.planner.seqOfTime(checkedTime('from', query.from));
    let to = query.to === undefined ? this.state.lastSeq : this.planner.seqOfTime(checkedTime('to', query.to)) - 1;
    if (place) {
      if (backward) to = Math.min(to, place.seq);
      else from = Math.max(from, place.seq);
    }
    return { from, to };
  }

  /** @returns undefined when nothing can meet them */
  private conditions(
    query: EventQuery,
    streamPartition: string | undefined,
    pattern: TopicPattern | undefined,
  ): Conditions | undefined {
    const { partition = streamPartition, stream, correlationId } = query;
    if (stream !== undefined && partition !== streamPartition) return undefined;
    const partitionId = partition === undefined ? undefined : this.state.tail(partition)?.id;
    if (partition !== undefined && partitionId === undefined) return undefined;
    const typeSets = pattern && this.matchingTypeSets(pattern);
    if (typeSets?.size === 0) return undefined;
    return { partitionId, stream, correlationId, typeSets };
  }

  private matchingTypeSets(pattern: TopicPattern): Set<number> | undefined {
    const matching = new Set<number>();
    let all = true;
    for (const { id, types } of this.state.allTypeSets()) {
      if (types.some((type) => pattern.matches(type))) matching.add(id);
      else all = false;
    }
    return all && matching.size > 0 ? undefined : matching;
  }

  /** The events of a commit in the direction of reading. A damaged commit has none: verification reports it. */
  private items(seq: number, backward: boolean): { event: RecordedEvent; place: Place }[] {
    const commit = this.reader.bySeq(seq);
    if (!commit?.parsed) return [];
    const items = eventsOf(commit).map((event, index) => ({ event, place: { seq, index } }));
    return backward ? items.reverse() : items;
  }

  private async pause(): Promise<void> {
    await nextTurn();
    if (!this.db.isOpen) throw new StoreUnavailableError('the event store is closed');
    this.state.refresh();
  }
}

function meets(candidate: Candidate, { partitionId, stream, correlationId, typeSets }: Conditions): boolean {
  return (
    (partitionId === undefined || candidate.partition_id === partitionId) &&
    (stream === undefined || candidate.stream === stream) &&
    (correlationId === undefined || candidate.correlation_id === correlationId) &&
    (typeSets === undefined || typeSets.has(candidate.type_set))
  );
}

function isBehind(a: Place, b: Place, backward: boolean): boolean {
  const difference = a.seq === b.seq ? a.index - b.index : a.seq - b.seq;
  return backward ? difference < 0 : difference > 0;
}

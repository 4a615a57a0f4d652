import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { LogState } from './log-state.js';
import { SeqBisection, type SeqRange } from './seq-range.js';

/** What a search looks at before it reads a body. */
export interface Candidate {
  readonly seq: number;
  readonly partition_id: number;
  readonly stream: string;
  readonly correlation_id: string;
  readonly type_set: number;
}

/** The exact conditions of a search; each that is present must hold. */
export interface Conditions {
  readonly partitionId?: number | undefined;
  readonly stream?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly typeSets?: ReadonlySet<number> | undefined;
}

/** Candidates of a range in the direction of the scan, at most `limit`. */
export type Scan = (range: SeqRange, limit: number) => Candidate[];

type Order = 'ASC' | 'DESC';

/** Above so many sets of types, walking the log is cheaper than merging their indexes. */
const MAX_MERGED_TYPE_SETS = 64;
const COLUMNS = 'commits.seq, commits.partition_id, commits.stream, commits.correlation_id, commits.type_set';

/** Chooses the index that a search walks along: the most selective that its conditions allow. */
export class ScanPlanner {
  private readonly bisection: SeqBisection;
  private readonly prepared = new Map<string, StatementSync>();

  constructor(
    private readonly db: DatabaseSync,
    private readonly state: LogState,
  ) {
    this.bisection = new SeqBisection(db);
  }

  seqOfTime(time: string): number {
    return this.bisection.seqOfTime(time, this.state.lastSeq);
  }

  plan(conditions: Conditions, order: Order): Scan {
    const { partitionId, stream, correlationId, typeSets } = conditions;
    const bySeq = this.bySeq(order);
    const withUnindexed = (scan: Scan): Scan => this.withUnindexed(scan, bySeq, order);
    if (stream !== undefined && partitionId !== undefined)
      return withUnindexed(this.byStream(partitionId, stream, order));
    if (correlationId !== undefined) return withUnindexed(this.byCorrelation(correlationId, order));
    if (typeSets !== undefined && typeSets.size <= MAX_MERGED_TYPE_SETS) {
      return withUnindexed(this.byTypeSets(typeSets, order));
    }
    return partitionId !== undefined ? this.byPartition(partitionId, order) : bySeq;
  }

  /** Takes what the index tables do not have yet from the commits themselves: all of it, for the caller to choose from. */
  private withUnindexed(indexed: Scan, bySeq: Scan, order: Order): Scan {
    const nothing: Scan = () => [];
    return ({ from, to }, limit) => {
      const { indexedTo } = this.state.unindexed;
      const parts: [Scan, SeqRange][] = [
        [from <= indexedTo ? indexed : nothing, { from, to: Math.min(to, indexedTo) }],
        [to > indexedTo ? bySeq : nothing, { from: Math.max(from, indexedTo + 1), to }],
      ];
      if (order === 'DESC') parts.reverse();
      const found = parts[0]![0](parts[0]![1], limit);
      return found.length >= limit ? found : [...found, ...parts[1]![0](parts[1]![1], limit - found.length)];
    };
  }

  private bySeq(order: Order): Scan {
    const sql = `FROM commits WHERE seq BETWEEN ? AND ? ORDER BY seq ${order} LIMIT ?`;
    return (range, limit) => this.all(sql, [range.from, range.to, limit]);
  }

  private byStream(partitionId: number, stream: string, order: Order): Scan {
    const edge =
      order === 'ASC'
        ? 'i.first_version >= coalesce((SELECT first_version FROM commits WHERE seq = ?3 AND stream = ?2), 0)'
        : 'i.first_version <= coalesce((SELECT first_version FROM commits WHERE seq = ?4 AND stream = ?2), 9e15)';
    const sql = `FROM stream_index i CROSS JOIN commits ON commits.seq = i.seq WHERE i.partition_id = ?1 AND i.stream = ?2
      AND ${edge} AND i.seq BETWEEN ?3 AND ?4 ORDER BY i.first_version ${order} LIMIT ?5`;
    return (range, limit) => this.all(sql, [partitionId, stream, range.from, range.to, limit]);
  }

  private byCorrelation(correlationId: string, order: Order): Scan {
    const sql = `FROM correlation_index i CROSS JOIN commits ON commits.seq = i.seq
      WHERE i.correlation_id = ? AND i.seq BETWEEN ? AND ? ORDER BY i.seq ${order} LIMIT ?`;
    return (range, limit) => this.all(sql, [correlationId, range.from, range.to, limit]);
  }

  private byTypeSets(typeSets: ReadonlySet<number>, order: Order): Scan {
    const sql = `FROM type_index i CROSS JOIN commits ON commits.seq = i.seq
      WHERE i.type_set = ? AND i.seq BETWEEN ? AND ? ORDER BY i.seq ${order} LIMIT ?`;
    const sign = order === 'ASC' ? 1 : -1;
    return (range, limit) => {
      const found = [...typeSets].flatMap((id) => this.all(sql, [id, range.from, range.to, limit]));
      return found.sort((a, b) => sign * (a.seq - b.seq)).slice(0, limit);
    };
  }

  private byPartition(partitionId: number, order: Order): Scan {
    const sql = `FROM commits INDEXED BY commits_position WHERE partition_id = ? AND position >= ? AND position < ?
      ORDER BY position ${order} LIMIT ?`;
    return (range, limit) => {
      const last = this.state.tail(this.state.partitionName(partitionId))?.position ?? 0;
      const from = this.bisection.positionOfSeq(partitionId, range.from, last);
      const before = this.bisection.positionOfSeq(partitionId, range.to + 1, last);
      return this.all(sql, [partitionId, from, before, limit]);
    };
  }

  private all(sql: string, values: (string | number)[]): Candidate[] {
    let statement = this.prepared.get(sql);
    if (!statement) this.prepared.set(sql, (statement = this.db.prepare(`SELECT ${COLUMNS} ${sql}`)));
    return statement.all(...values) as unknown as Candidate[];
  }
}

import { eventsOf, parseBody } from '@signalbox/adapter-kit';
import type { RecordedEvent } from '@signalbox/contracts';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { openForReading } from './schema.js';
import type { LogState } from './log-state.js';
import { COMMIT_COLUMNS, StoredCommit, type CommitRow } from './stored-commit.js';

/** A row as the table has it; names of partition and types are looked up. */
type Row = CommitRow & { readonly partition_id: number; readonly type_set: number };

const BY_POSITION = `SELECT ${COMMIT_COLUMNS} FROM commits WHERE partition_id = ? AND position > ? ORDER BY position LIMIT ?`;

/** Reads commits from the database. */
export class CommitReader {
  private readonly statements: Record<'byPosition' | 'byStream' | 'bySeq', StatementSync>;

  constructor(
    db: DatabaseSync,
    private readonly state: LogState,
  ) {
    this.statements = {
      byPosition: db.prepare(BY_POSITION),
      byStream: db.prepare(
        `SELECT seq FROM stream_index WHERE partition_id = ?1 AND stream = ?2 AND first_version >= coalesce(
           (SELECT max(first_version) FROM stream_index WHERE partition_id = ?1 AND stream = ?2 AND first_version <= ?3), 0)
         ORDER BY first_version`,
      ),
      bySeq: db.prepare(`SELECT ${COMMIT_COLUMNS} FROM commits WHERE seq = ?`),
    };
  }

  partition(partition: string, after: number, limit: number): StoredCommit[] {
    const tail = this.state.tail(partition);
    if (!tail || after >= tail.position) return [];
    return this.commits(this.statements.byPosition.all(tail.id, after, limit));
  }

  /** The same, through a connection of its own, so that no page cache stands between the reader and the file. */
  partitionFromDisk(path: string, partition: string, after: number, limit: number): StoredCommit[] {
    const tail = this.state.tail(partition);
    if (!tail) return [];
    const db = openForReading(path);
    try {
      return this.commits(db.prepare(BY_POSITION).all(tail.id, after, limit));
    } finally {
      db.close();
    }
  }

  stream(partition: string, stream: string, options: { fromVersion?: number; limit?: number }): RecordedEvent[] {
    const { fromVersion = 1, limit = Infinity } = options;
    const tail = this.state.tail(partition);
    const events: RecordedEvent[] = [];
    if (!tail || limit <= 0) return events;
    for (const seq of this.seqsOf(tail.id, stream, fromVersion)) {
      for (const event of eventsOf(this.bySeq(seq)!)) {
        if (event.streamVersion < fromVersion) continue;
        events.push(event);
        if (events.length >= limit) return events;
      }
    }
    return events;
  }

  /** The commits of a stream that have events from `fromVersion` on, and perhaps some before. */
  private *seqsOf(partitionId: number, stream: string, fromVersion: number): Iterable<number> {
    for (const row of this.statements.byStream.iterate(partitionId, stream, fromVersion)) {
      yield (row as { seq: number }).seq;
    }
    yield* this.state.unindexed.seqsOf(stream);
  }

  bySeq(seq: number): StoredCommit | undefined {
    const row = this.statements.bySeq.get(seq) as Row | undefined;
    return row && this.commit(row);
  }

  private commits(rows: readonly unknown[]): StoredCommit[] {
    return rows.map((row) => this.commit(row as Row));
  }

  private commit(row: Row): StoredCommit {
    return new StoredCommit(
      this.state.partitionName(row.partition_id),
      this.state.types(row.type_set),
      row,
      parseBody(row.body),
    );
  }
}

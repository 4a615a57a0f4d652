import type { DatabaseSync, StatementSync } from 'node:sqlite';

/**
 * Fills the index tables from the commits, many commits at a time: an index that every group commit had to write
 * would cost more than the commit itself, because each index is at least one more page for the write-ahead log.
 */
export class CommitIndexer {
  private readonly fill: readonly StatementSync[];
  private readonly move: StatementSync;

  constructor(db: DatabaseSync) {
    const range = 'FROM commits WHERE seq > ? AND seq <= ?';
    this.fill = [
      `INSERT OR IGNORE INTO stream_index SELECT partition_id, stream, first_version, last_version, seq ${range}`,
      `INSERT OR IGNORE INTO commit_id_index SELECT partition_id, commit_id, seq ${range}`,
      `INSERT OR IGNORE INTO correlation_index SELECT correlation_id, seq ${range}`,
      `INSERT OR IGNORE INTO type_index SELECT type_set, seq ${range}`,
    ].map((sql) => db.prepare(sql));
    this.move = db.prepare('UPDATE indexed_to SET seq = ?');
  }

  /** To be called in a transaction only. @param after the last seq that is indexed */
  index(after: number, to: number): void {
    for (const statement of this.fill) statement.run(after, to);
    this.move.run(to);
  }
}

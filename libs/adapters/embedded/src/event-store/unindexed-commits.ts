import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Where a commit stands. */
export interface KnownCommit {
  readonly seq: number;
  readonly position: number;
  readonly firstVersion: number;
  readonly lastVersion: number;
  readonly time: string;
}

interface KnownStream {
  lastVersion: number;
  readonly seqs: number[];
}

const COLUMNS =
  'seq, partition_id AS partitionId, position, stream, first_version AS firstVersion, last_version AS lastVersion, commit_id AS commitId, time';

/**
 * The newest commits, which the index tables do not have yet, by commitId and by stream. There are few of them, so
 * they are kept in memory, and read from the database when another process may have added some.
 */
export class UnindexedCommits {
  /** The last seq that the index tables have. */
  indexedTo = 0;
  private commitIds = new Map<string, KnownCommit>();
  private streams = new Map<string, KnownStream>();
  private readonly statements: Record<'indexedTo' | 'rest', StatementSync>;

  constructor(db: DatabaseSync) {
    this.statements = {
      indexedTo: db.prepare('SELECT seq FROM indexed_to'),
      rest: db.prepare(`SELECT ${COLUMNS} FROM commits WHERE seq > ? ORDER BY seq`),
    };
  }

  load(): void {
    const { seq } = this.statements.indexedTo.get() as { seq: number };
    this.indexed(seq);
    for (const row of this.statements.rest.iterate(seq)) {
      const commit = row as unknown as KnownCommit & { partitionId: number; stream: string; commitId: string };
      this.add(commit.partitionId, commit.stream, commit.commitId, commit);
    }
  }

  add(partitionId: number, stream: string, commitId: string, commit: KnownCommit): void {
    this.commitIds.set(`${partitionId}/${commitId}`, commit);
    const known = this.streams.get(stream);
    if (known) {
      known.lastVersion = commit.lastVersion;
      known.seqs.push(commit.seq);
    } else {
      this.streams.set(stream, { lastVersion: commit.lastVersion, seqs: [commit.seq] });
    }
  }

  /** All commits up to `seq` are in the index tables now. */
  indexed(seq: number): void {
    // new ones: the tables that a clear() leaves behind would keep these commits alive until the next full collection
    this.commitIds = new Map();
    this.streams = new Map();
    this.indexedTo = seq;
  }

  byCommitId(partitionId: number, commitId: string): KnownCommit | undefined {
    return this.commitIds.get(`${partitionId}/${commitId}`);
  }

  lastVersion(stream: string): number | undefined {
    return this.streams.get(stream)?.lastVersion;
  }

  seqsOf(stream: string): readonly number[] {
    return this.streams.get(stream)?.seqs ?? [];
  }
}

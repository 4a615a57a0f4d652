import type { PendingAppend } from '@signalbox/adapter-kit';
import { ClaimConflictError, VersionConflictError, type AppendResult, type ClaimHolder } from '@signalbox/ports';
import { hash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { CommitIndexer } from './commit-indexer.js';
import type { LogState, Tail } from './log-state.js';
import type { ResolvedEventStoreOptions } from './options.js';
import { COMMIT_COLUMNS, StoredCommit } from './stored-commit.js';
import type { KnownCommit } from './unindexed-commits.js';

/** Writes group commits. What it decides for one append, under the write lock, is exact. */
export class CommitWriter {
  private readonly statements: Record<
    'begin' | 'commit' | 'rollback' | 'insert' | 'byCommitId' | 'version' | 'claim' | 'holder' | 'unclaim',
    StatementSync
  >;

  private readonly indexer: CommitIndexer;

  constructor(
    private readonly db: DatabaseSync,
    private readonly state: LogState,
    private readonly options: ResolvedEventStoreOptions,
  ) {
    this.indexer = new CommitIndexer(db);
    this.statements = {
      begin: db.prepare('BEGIN IMMEDIATE'),
      commit: db.prepare('COMMIT'),
      rollback: db.prepare('ROLLBACK'),
      insert: db.prepare(`INSERT INTO commits (${COMMIT_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)`),
      byCommitId: db.prepare(
        `SELECT c.seq, position, first_version AS firstVersion, last_version AS lastVersion, time
         FROM commit_id_index i JOIN commits c ON c.seq = i.seq WHERE i.partition_id = ? AND i.commit_id = ?`,
      ),
      version: db.prepare(
        'SELECT last_version FROM stream_index WHERE partition_id = ? AND stream = ? ORDER BY first_version DESC LIMIT 1',
      ),
      claim: db.prepare('INSERT OR IGNORE INTO claims (key, actor, commit_id, time) VALUES (?,?,?,?)'),
      holder: db.prepare('SELECT key, actor, commit_id AS commitId, time FROM claims WHERE key = ?'),
      unclaim: db.prepare('DELETE FROM claims WHERE key = ?'),
    };
  }

  /**
   * Stores the appends in one transaction, and leaves in each its outcome.
   * @throws the database's error; nothing is stored then
   */
  write(batch: readonly PendingAppend<StoredCommit>[]): void {
    this.statements.begin.run();
    try {
      this.state.refresh();
      const time = this.nextTime();
      for (const pending of batch) {
        pending.commit = undefined;
        const tail = this.state.tail(pending.partition) ?? this.state.addPartition(pending.partition);
        try {
          pending.outcome = this.store(pending, tail, time);
        } catch (error) {
          if (isDatabaseError(error)) throw error;
          pending.outcome = error as Error;
        }
      }
      if (this.state.lastSeq - this.state.unindexed.indexedTo >= this.options.maxUnindexedCommits) this.index();
      this.statements.commit.run();
    } catch (error) {
      this.state.forget();
      if (this.db.isTransaction) this.statements.rollback.run();
      throw error;
    }
    for (const { commit } of batch) if (commit) this.state.recent.add(commit);
  }

  /** Puts everything into the index tables, so that the next start need not look for what is missing. */
  finish(): void {
    this.statements.begin.run();
    try {
      this.state.refresh();
      this.index();
      this.statements.commit.run();
    } catch (error) {
      this.state.forget();
      if (this.db.isTransaction) this.statements.rollback.run();
      throw error;
    }
  }

  holder(key: string): ClaimHolder | undefined {
    const row = this.statements.holder.get(key) as ClaimHolder | undefined;
    return row && { ...row };
  }

  private index(): void {
    const { lastSeq, unindexed } = this.state;
    this.indexer.index(unindexed.indexedTo, lastSeq);
    unindexed.indexed(lastSeq);
  }

  /** One time per group commit; it never goes backwards, so the order of times is the order of the log. */
  private nextTime(): string {
    const now = new Date(this.options.clock.now()).toISOString();
    return (this.state.lastTime = now > this.state.lastTime ? now : this.state.lastTime);
  }

  private store(pending: PendingAppend<StoredCommit>, tail: Tail, time: string): AppendResult | Error {
    const { stream, expectedVersion, events, commitId, claims, metadata } = pending.request;
    const known = this.known(tail, commitId);
    if (known) return resultOf(tail.partition, known, true);
    const version = this.version(tail, stream);
    if (expectedVersion !== 'any' && version !== expectedVersion) {
      return new VersionConflictError(stream, expectedVersion, version);
    }
    const firstVersion = version + 1;
    const lastVersion = version + events.length;
    const body = pending.body(firstVersion, time);
    const taken = claims && this.claim(claims, metadata.actor, commitId, time);
    if (taken !== undefined) return new ClaimConflictError(taken, this.holder(taken));
    const typeSet = this.state.typeSetOf(events);
    const commit = new StoredCommit(
      tail.partition,
      typeSet.types,
      {
        seq: this.state.lastSeq + 1,
        position: tail.position + 1,
        stream,
        first_version: firstVersion,
        last_version: lastVersion,
        commit_id: commitId,
        correlation_id: metadata.correlationId,
        time,
        previous_hash: tail.hash,
        hash: hash('sha256', tail.hash + body),
        body,
      },
      pending.parsedBody(firstVersion, time),
    );
    this.insert(commit, tail.id, typeSet.id);
    this.state.lastSeq = commit.seq;
    tail.position = commit.position;
    tail.hash = commit.hash;
    this.state.unindexed.add(tail.id, stream, commitId, commit);
    pending.commit = commit;
    return resultOf(tail.partition, commit, false);
  }

  private insert(commit: StoredCommit, partitionId: number, typeSet: number): void {
    this.statements.insert.run(
      commit.seq,
      partitionId,
      commit.position,
      commit.stream,
      commit.firstVersion,
      commit.lastVersion,
      commit.commitId,
      commit.correlationId,
      typeSet,
      commit.time,
      commit.previousHash,
      commit.hash,
      commit.body,
    );
  }

  private known(tail: Tail, commitId: string): KnownCommit | undefined {
    return (
      this.state.unindexed.byCommitId(tail.id, commitId) ??
      (this.statements.byCommitId.get(tail.id, commitId) as KnownCommit | undefined)
    );
  }

  private version(tail: Tail, stream: string): number {
    const version = this.state.unindexed.lastVersion(stream);
    if (version !== undefined) return version;
    const row = this.statements.version.get(tail.id, stream) as { last_version: number } | undefined;
    return row?.last_version ?? 0;
  }

  /** @returns the first key that is taken; none is claimed then */
  private claim(keys: readonly string[], actor: string, commitId: string, time: string): string | undefined {
    for (let i = 0; i < keys.length; i++) {
      if (this.statements.claim.run(keys[i]!, actor, commitId, time).changes === 0) {
        for (const key of keys.slice(0, i)) this.statements.unclaim.run(key);
        return keys[i]!;
      }
    }
    return undefined;
  }
}

function resultOf(partition: string, commit: KnownCommit, replayed: boolean): AppendResult {
  const { position, firstVersion, lastVersion, time } = commit;
  return { partition, position, firstVersion, lastVersion, time, replayed };
}

function isDatabaseError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR';
}

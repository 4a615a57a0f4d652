import type { PendingAppend } from '@signalbox/adapter-kit';
import type { AppendResult } from '@signalbox/ports';
import type { CommitFacts, StoredCommit } from './commit-document.js';

/** An append that waits for its group commit, perhaps not for the first time. */
export class QueuedAppend {
  /** Its claims are in the database. */
  claimed = false;
  answered = false;
  /** Hashes of the commits that inserts may have stored for it. */
  private readonly attempted = new Set<string>();

  constructor(
    readonly pending: PendingAppend<StoredCommit>,
    /** When to give up, on the clock of `performance.now()`. */
    readonly deadline: number,
  ) {}

  get stream(): string {
    return this.pending.request.stream;
  }

  get commitId(): string {
    return this.pending.request.commitId;
  }

  get needsClaims(): boolean {
    return !this.claimed && (this.pending.request.claims?.length ?? 0) > 0;
  }

  attempting(commit: StoredCommit): void {
    this.attempted.add(commit.hash);
  }

  /** Answers with what is stored; replayed unless this very append stored it. */
  resolve(stored: CommitFacts): void {
    const { partition, position, firstVersion, lastVersion, time } = stored;
    const result: AppendResult = {
      partition,
      position,
      firstVersion,
      lastVersion,
      time,
      replayed: !this.attempted.has(stored.hash),
    };
    this.answered = true;
    this.pending.resolve(result);
  }

  reject(error: Error): void {
    this.answered = true;
    this.pending.reject(error);
  }
}

import type { PendingAppend } from '@signalbox/adapter-kit';
import { StoreUnavailableError } from '@signalbox/ports';
import type { CommitWriter } from './commit-writer.js';
import {
  MAX_BYTES_PER_FLUSH,
  MAX_COMMITS_PER_FLUSH,
  MAX_COMMITS_PER_PARTITION,
  type ResolvedEventStoreOptions,
} from './options.js';
import type { StoredCommit } from './stored-commit.js';

const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const MIN_LOCK_PAUSE_MS = 2;
const MAX_LOCK_PAUSE_MS = 50;

/** Collects appends and writes those of one turn of the event loop in one transaction. */
export class GroupCommit {
  private queue: PendingAppend<StoredCommit>[] = [];
  private queuedBytes = 0;
  private scheduled = false;
  private hadCompany = false;
  private lockedSince: number | undefined;
  private lockPauseMs = MIN_LOCK_PAUSE_MS;
  private failure: Error | undefined;
  private state: 'open' | 'closing' | 'closed' = 'open';
  private idle: (() => void) | undefined;

  constructor(
    private readonly writer: CommitWriter,
    private readonly options: ResolvedEventStoreOptions,
    private readonly onCommitted: (bytes: number) => void,
  ) {}

  get closed(): boolean {
    return this.state === 'closed';
  }

  /** @throws StoreUnavailableError when the store is closed or the queue is full */
  add(pending: PendingAppend<StoredCommit>): void {
    if (this.state !== 'open') throw new StoreUnavailableError('the event store is closed');
    const { maxQueuedCommits, maxQueuedBytes } = this.options;
    if (this.queue.length >= maxQueuedCommits) {
      throw new StoreUnavailableError(
        `${this.queue.length} commits wait to be stored; at most ${maxQueuedCommits} may`,
      );
    }
    if (this.queuedBytes >= maxQueuedBytes) {
      throw new StoreUnavailableError(`${this.queuedBytes} bytes wait to be stored; at most ${maxQueuedBytes} may`);
    }
    this.queue.push(pending);
    this.queuedBytes += pending.eventsJson.length;
    this.schedule();
  }

  /** @throws StoreUnavailableError when the last group commit failed, or waits for a lock */
  check(): void {
    if (this.failure) throw new StoreUnavailableError(this.failure.message, { cause: this.failure });
    if (this.lockedSince !== undefined) throw new StoreUnavailableError('the event log is locked by another process');
  }

  /** Resolves when everything that was accepted has its answer. */
  async close(): Promise<void> {
    this.state = 'closing';
    if (this.scheduled) await new Promise<void>((resolve) => (this.idle = resolve));
    this.state = 'closed';
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    // who had company last time waits one turn more for it: larger groups cost less a commit than the turn takes
    setImmediate(this.hadCompany ? this.oneTurnMore : this.flush);
  }

  private readonly oneTurnMore = (): void => {
    setImmediate(this.flush);
  };

  private readonly flush = (): void => {
    this.scheduled = false;
    const batch = this.take();
    this.hadCompany = batch.length > 1;
    try {
      this.writer.write(batch);
    } catch (error) {
      if (isLocked(error) && this.mayWaitForLock()) {
        this.queue = batch.concat(this.queue);
        for (const pending of batch) this.queuedBytes += pending.eventsJson.length;
        this.scheduled = true;
        setTimeout(this.flush, this.lockPauseMs);
        this.lockPauseMs = Math.min(MAX_LOCK_PAUSE_MS, this.lockPauseMs * 2);
        return;
      }
      this.fail(batch, error as Error);
      return;
    }
    this.failure = undefined;
    this.lockedSince = undefined;
    this.lockPauseMs = MIN_LOCK_PAUSE_MS;
    let bytes = 0;
    for (const { outcome, commit, resolve, reject } of batch) {
      if (commit) bytes += commit.body.length;
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome!);
    }
    if (bytes > 0) this.onCommitted(bytes);
    this.next();
  };

  /** In the order of arrival, up to the bounds of one group commit; the rest keeps its order. */
  private take(): PendingAppend<StoredCommit>[] {
    const all = this.queue;
    if (all.length <= MAX_COMMITS_PER_PARTITION && this.queuedBytes <= MAX_BYTES_PER_FLUSH) {
      this.queue = [];
      this.queuedBytes = 0;
      return all;
    }
    const perPartition = new Map<string, number>();
    let taken = 0;
    let bytes = 0;
    for (const { partition, eventsJson } of all) {
      const inPartition = perPartition.get(partition) ?? 0;
      // a cut, not a choice: nothing may overtake what was appended before it
      if (taken >= MAX_COMMITS_PER_FLUSH || inPartition >= MAX_COMMITS_PER_PARTITION) break;
      if (bytes >= MAX_BYTES_PER_FLUSH) break;
      perPartition.set(partition, inPartition + 1);
      bytes += eventsJson.length;
      taken++;
    }
    this.queue = all.slice(taken);
    this.queuedBytes -= bytes;
    return all.slice(0, taken);
  }

  private mayWaitForLock(): boolean {
    this.lockedSince ??= performance.now();
    return performance.now() - this.lockedSince < this.options.lockTimeoutMs;
  }

  private fail(batch: readonly PendingAppend<StoredCommit>[], cause: Error): void {
    this.failure = isLocked(cause) ? undefined : cause;
    const what = isLocked(cause)
      ? `another process has locked the event log for ${this.options.lockTimeoutMs} ms`
      : `the event log could not be written: ${cause.message}`;
    for (const { reject } of batch) reject(new StoreUnavailableError(what, { cause }));
    this.next();
  }

  private next(): void {
    if (this.queue.length > 0) this.schedule();
    else if (!this.scheduled) this.idle?.();
  }
}

function isLocked(error: unknown): boolean {
  const code = (error as { errcode?: number }).errcode;
  return code !== undefined && ((code & 0xff) === SQLITE_BUSY || (code & 0xff) === SQLITE_LOCKED);
}

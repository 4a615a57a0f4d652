import { systemClock, type Clock } from '@signalbox/ports';

export interface SqliteEventStoreOptions {
  /** Number of entity partitions, fixed when the log is created. Default 4 for a new log, what it was made with otherwise. */
  readonly entityPartitions?: number;
  /**
   * `NORMAL` (default): what was acknowledged survives kill -9 of the process. `FULL`: it survives power loss too, at the
   * price of one fsync per group commit.
   */
  readonly synchronous?: 'NORMAL' | 'FULL';
  readonly clock?: Clock;
  /** Appends that may wait; further ones are refused. Default 10 000. */
  readonly maxQueuedCommits?: number;
  /** Events, as JSON text, in the appends that may wait. Default 64 MiB. */
  readonly maxQueuedBytes?: number;
  /** How long appends wait for a lock that another process holds, in milliseconds. Default 5000. */
  readonly lockTimeoutMs?: number;
  /** Longest delay until listeners hear of commits of another process, in milliseconds. Default 100. */
  readonly wakeUpMs?: number;
  /**
   * Memory for the newest commits, which readers at the tail get without touching the database. Default 4 MiB: every
   * object that is kept for a while costs the garbage collector a copy or two.
   */
  readonly recentBytes?: number;
  /** Commits that may wait to be put into the index tables. Default 128. */
  readonly maxUnindexedCommits?: number;
}

export type ResolvedEventStoreOptions = Required<Omit<SqliteEventStoreOptions, 'entityPartitions'>>;

export const DEFAULT_ENTITY_PARTITIONS = 4;
/** Commits of one partition in one group commit. */
export const MAX_COMMITS_PER_PARTITION = 64;
/** Bounds of one group commit over all partitions: they bound how long the event loop stands still for it. */
export const MAX_COMMITS_PER_FLUSH = 256;
export const MAX_BYTES_PER_FLUSH = 4 * 1024 * 1024;

export function resolveOptions(options: SqliteEventStoreOptions): ResolvedEventStoreOptions {
  return {
    synchronous: options.synchronous ?? 'NORMAL',
    clock: options.clock ?? systemClock,
    maxQueuedCommits: options.maxQueuedCommits ?? 10_000,
    maxQueuedBytes: options.maxQueuedBytes ?? 64 * 1024 * 1024,
    lockTimeoutMs: options.lockTimeoutMs ?? 5_000,
    wakeUpMs: options.wakeUpMs ?? 100,
    maxUnindexedCommits: options.maxUnindexedCommits ?? 128,
    recentBytes: options.recentBytes ?? 4 * 1024 * 1024,
  };
}

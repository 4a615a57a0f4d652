import { systemClock, type Clock } from '@signalbox/ports';
import type { MongoConnectionOptions } from '../connection.js';

export interface MongoEventStoreOptions extends MongoConnectionOptions {
  /** Number of entity partitions, fixed when the log is created. Default 4 for a new log, what it was made with otherwise. */
  readonly entityPartitions?: number;
  readonly clock?: Clock;
  /** Appends that may wait; further ones are refused. Default 10 000. */
  readonly maxQueuedCommits?: number;
  /** How long an append is tried again while the server is away or contended, milliseconds. Default 3000. */
  readonly appendTimeoutMs?: number;
  /**
   * Longest delay until listeners hear of commits of another process, in milliseconds. Default 100. The first commit of
   * a partition may take 300 ms longer.
   */
  readonly wakeUpMs?: number;
  /**
   * Memory for the newest commits of this process, and as much for those of others that a reader has read: all other
   * readers get them without the database. Default 16 MiB.
   */
  readonly recentBytes?: number;
}

export interface LogOptions {
  readonly clock: Clock;
  readonly maxQueuedCommits: number;
  readonly appendTimeoutMs: number;
  readonly wakeUpMs: number;
  readonly recentBytes: number;
}

export const DEFAULT_ENTITY_PARTITIONS = 4;
/** Bounds of one group commit, which is of one partition. */
export const MAX_COMMITS_PER_INSERT = 64;
export const MAX_BYTES_PER_INSERT = 4 * 1024 * 1024;
/** Streams and commitIds that are remembered, in each of two generations. */
export const REMEMBERED = 10_000;

export function resolveOptions(options: MongoEventStoreOptions): LogOptions {
  return {
    clock: options.clock ?? systemClock,
    maxQueuedCommits: options.maxQueuedCommits ?? 10_000,
    appendTimeoutMs: options.appendTimeoutMs ?? 3_000,
    wakeUpMs: options.wakeUpMs ?? 100,
    recentBytes: options.recentBytes ?? 16 * 1024 * 1024,
  };
}

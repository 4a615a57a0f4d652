import type { NewEvent, RecordedEvent } from '@signalbox/contracts';

/**
 * The event log (DESIGN section 3).
 *
 * Contract, proven by `eventStoreContract` of `@signalbox/port-contracts`:
 * - An insert under a unique key is the only concurrency primitive: (partition, position),
 *   (partition, stream, firstVersion), (partition, commitId), and each claim key.
 * - A commit is atomic, and is stored once: appending a known commitId again returns the first result with `replayed: true`.
 * - Positions of a partition start at 1 and have no gaps; commits become visible in the order of their positions.
 * - `hash` = SHA-256 over the previous hash (hex, empty for the first) followed by the UTF-8 bytes of `body`.
 * - What `append` resolved for survives kill -9 of the process.
 * - Appends of one caller to one partition are committed in the order they were made; concurrent ones share a group commit.
 */
export interface EventStore {
  /** `db.system.name` of OpenTelemetry's conventions, for spans: `sqlite`, `mongodb`. */
  readonly system?: string;

  /**
   * True when an append that is made while an earlier one of this process waits is stored in the same group commit or a
   * later one, whatever its partition. Absent: that holds within a partition only.
   */
  readonly storesInOrder?: boolean;

  /**
   * Appends one commit. Its events are handed over, not copied: the caller may not change them afterwards.
   * @throws InvalidAppendError when the request itself is wrong: no events, a name too long, data that is not JSON
   * @throws VersionConflictError when the stream is not at `expectedVersion`
   * @throws ClaimConflictError when a claim key is taken; nothing of the commit is stored then
   * @throws CommitTooLargeError over 500 events or 1 MiB of body
   * @throws StoreUnavailableError when the outcome is unknown: retry with the same commitId only
   */
  append(request: AppendRequest): Promise<AppendResult>;

  /** Events of one stream, oldest first, from `fromVersion` (default 1). Data is as stored: not upcast. */
  readStream(stream: string, options?: { fromVersion?: number; limit?: number }): Promise<RecordedEvent[]>;

  /**
   * Commits of one partition with position > `after`, in order, without gaps, at most `limit` (default 512).
   * An empty array means that the reader is at the tail.
   * @param options.stored read what lies in the store, not what is remembered of it in memory: for verification
   */
  readPartition(partition: string, after: number, limit?: number, options?: { stored?: boolean }): Promise<Commit[]>;

  /**
   * All partitions with their newest commit: everything that was stored before the call.
   * @param options.maxAgeMs who follows the log may do with what was so before that many milliseconds at most; what
   * {@link onCommitted} has told of is in it all the same. A store with listeners then need not look for each caller.
   */
  partitions(options?: { maxAgeMs?: number }): Promise<PartitionHead[]>;

  /**
   * Events by type, stream, correlation and time, in an order that is stable and agrees with the order of each partition.
   * Going forward from a cursor, no event is skipped or repeated, whatever is appended meanwhile.
   */
  find(query: EventQuery): Promise<EventPage>;

  /** Who holds a claim key, or undefined. */
  claimHolder(key: string): Promise<ClaimHolder | undefined>;

  /**
   * Calls back soon after commits were stored: a wake-up, never the data. May be called too often, or be late by `wakeUpMs`.
   * @returns a function that ends it
   */
  onCommitted(listener: () => void): () => void;

  /** Rejects with the reason when the store cannot take appends now. */
  ping(): Promise<void>;

  /** Flushes what was accepted and releases everything. Later appends reject with StoreUnavailableError. */
  close(): Promise<void>;
}

/** The version a stream must have: 0 when it must not exist, `any` when it does not matter. */
export type ExpectedVersion = number | 'any';

export interface AppendRequest {
  readonly stream: string;
  readonly expectedVersion: ExpectedVersion;
  readonly events: readonly NewEvent[];
  /** Unique in the partition, at most 128 characters. Makes the append idempotent. */
  readonly commitId: string;
  /** Keys that must be free in the whole log; taken together with the commit. */
  readonly claims?: readonly string[];
  readonly metadata: CommitMetadata;
}

export interface CommitMetadata {
  /** The service instance that appends. */
  readonly actor: string;
  readonly correlationId: string;
  readonly causationId?: string | undefined;
  readonly traceparent?: string | undefined;
}

export interface AppendResult {
  readonly partition: string;
  readonly position: number;
  readonly firstVersion: number;
  readonly lastVersion: number;
  /** RFC 3339. */
  readonly time: string;
  readonly replayed: boolean;
}

/** A stored commit. The fields beside `body`, `previousHash` and `hash` are copies for indexes: `body` has them all but partition and position. */
export interface Commit extends CommitMetadata {
  readonly partition: string;
  readonly position: number;
  readonly stream: string;
  readonly firstVersion: number;
  readonly lastVersion: number;
  readonly commitId: string;
  readonly time: string;
  /** The types of its events, each once, in the order in which they first appear. */
  readonly types: readonly string[];
  /** JSON text of {@link CommitBody}, as it was hashed. */
  readonly body: string;
  readonly previousHash: string;
  readonly hash: string;
  /**
   * What `body` parses to, when the store has it at hand: spares every reader its own JSON.parse.
   * Never enumerable, so `{...commit}` drops it and `body` is what counts. Shared by all readers: nobody may change it.
   */
  readonly parsed?: CommitBody | undefined;
}

/** What `body` parses to. */
export interface CommitBody extends CommitMetadata {
  readonly stream: string;
  readonly firstVersion: number;
  readonly commitId: string;
  readonly time: string;
  readonly events: readonly { id: string; type: string; schemaVersion: number; data: unknown }[];
}

export interface PartitionHead {
  readonly partition: string;
  readonly position: number;
  readonly hash: string;
}

export interface EventQuery {
  /** A routing key or a pattern: `*` is one word, `#` is any number of words. */
  readonly type?: string;
  readonly stream?: string;
  readonly correlationId?: string;
  readonly partition?: string;
  /** RFC 3339, inclusive. */
  readonly from?: string;
  /** RFC 3339, exclusive. */
  readonly to?: string;
  /** A cursor from an earlier page or event; results start behind it, in the direction of reading. */
  readonly after?: string;
  /** Default `forward`: oldest first. */
  readonly direction?: 'forward' | 'backward';
  /** 1–1000, default 100. */
  readonly limit?: number;
}

export interface EventPage {
  readonly items: readonly { readonly event: RecordedEvent; readonly cursor: string }[];
  /** Where to go on, or null at the end of what there is now. */
  readonly next: string | null;
}

export interface ClaimHolder {
  readonly key: string;
  readonly actor: string;
  readonly commitId: string;
  /** RFC 3339. */
  readonly time: string;
}

export const MAX_EVENTS_PER_COMMIT = 500;
export const MAX_COMMIT_BYTES = 1024 * 1024;

export class VersionConflictError extends Error {
  override readonly name = 'VersionConflictError';
  constructor(
    readonly stream: string,
    readonly expected: ExpectedVersion,
    readonly actual: number,
  ) {
    super(`stream ${stream} is at version ${actual}, not ${expected}`);
  }
}

export class ClaimConflictError extends Error {
  override readonly name = 'ClaimConflictError';
  constructor(
    readonly key: string,
    readonly holder: ClaimHolder | undefined,
  ) {
    super(`${key} is claimed${holder ? ` by ${holder.actor} since ${holder.time}` : ''}`);
  }
}

export class CommitTooLargeError extends Error {
  override readonly name = 'CommitTooLargeError';
  constructor(what: string) {
    super(`commit too large: ${what}; at most ${MAX_EVENTS_PER_COMMIT} events and ${MAX_COMMIT_BYTES} bytes`);
  }
}

/** A request that no store would take; the message names what is wrong and what is allowed. */
export class InvalidAppendError extends Error {
  override readonly name = 'InvalidAppendError';
}

/** The store did not answer, or not in time: whether the commit is stored is unknown. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
  readonly retryable = true;
}

/** A cursor that this store did not make. */
export class InvalidCursorError extends Error {
  override readonly name = 'InvalidCursorError';
}

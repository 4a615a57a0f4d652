import { PendingAppend } from '@signalbox/adapter-kit';
import { partitionOf, type RecordedEvent } from '@signalbox/contracts';
import {
  StoreUnavailableError,
  type AppendRequest,
  type AppendResult,
  type ClaimHolder,
  type Commit,
  type EventPage,
  type EventQuery,
  type EventStore,
  type PartitionHead,
} from '@signalbox/ports';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { Checkpointer } from './checkpointer.js';
import { CommitReader } from './commit-reader.js';
import { CommitWriter } from './commit-writer.js';
import { EventFinder } from './event-finder.js';
import { GroupCommit } from './group-commit.js';
import { LogState } from './log-state.js';
import { resolveOptions, type SqliteEventStoreOptions } from './options.js';
import { openLogDatabase } from './schema.js';
import type { StoredCommit } from './stored-commit.js';
import { WakeUp } from './wake-up.js';

const DEFAULT_READ_LIMIT = 512;

/** The event log in an SQLite file. Several processes may use one file. */
export class SqliteEventStore implements EventStore {
  readonly system = 'sqlite';
  readonly storesInOrder = true;
  private readonly state: LogState;
  private readonly writer: CommitWriter;
  private readonly group: GroupCommit;
  private readonly reader: CommitReader;
  private readonly finder: EventFinder;
  private readonly wakeUp: WakeUp;
  private readonly checkpointer: Checkpointer;
  private closing: Promise<void> | undefined;

  private constructor(
    private readonly path: string,
    private readonly db: DatabaseSync,
    private readonly entityPartitions: number,
    options: SqliteEventStoreOptions,
  ) {
    const resolved = resolveOptions(options);
    this.state = new LogState(db, resolved);
    this.state.refresh();
    this.writer = new CommitWriter(db, this.state, resolved);
    const generation = (): number => {
      this.state.refresh();
      return this.state.generation;
    };
    this.wakeUp = new WakeUp(generation, path === ':memory:' ? undefined : resolved.wakeUpMs);
    this.checkpointer = new Checkpointer(path, resolved.synchronous);
    this.group = new GroupCommit(this.writer, resolved, (bytes) => {
      this.checkpointer.written(bytes);
      this.wakeUp.notify();
    });
    this.reader = new CommitReader(db, this.state);
    this.finder = new EventFinder(db, this.state, this.reader);
  }

  /**
   * @param path the database file, made with its folder when it does not exist, or `:memory:`
   * @throws Error when the file cannot be opened, is not a log, or has another number of entity partitions
   */
  static async open(path: string, options: SqliteEventStoreOptions = {}): Promise<SqliteEventStore> {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
    const { synchronous = 'NORMAL', entityPartitions: wanted } = options;
    const { db, entityPartitions } = openLogDatabase(path, { synchronous, entityPartitions: wanted });
    return new SqliteEventStore(path, db, entityPartitions, options);
  }

  append(request: AppendRequest): Promise<AppendResult> {
    try {
      const pending = new PendingAppend<StoredCommit>(request, partitionOf(request.stream, this.entityPartitions));
      this.group.add(pending);
      return pending.promise;
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  async readStream(stream: string, options: { fromVersion?: number; limit?: number } = {}): Promise<RecordedEvent[]> {
    this.use();
    return this.reader.stream(partitionOf(stream, this.entityPartitions), stream, options);
  }

  async readPartition(
    partition: string,
    after: number,
    limit = DEFAULT_READ_LIMIT,
    options: { stored?: boolean } = {},
  ): Promise<Commit[]> {
    const recent = options.stored || this.group.closed ? undefined : this.state.recent.after(partition, after, limit);
    if (recent) return recent;
    this.use();
    if (options.stored && this.path !== ':memory:')
      return this.reader.partitionFromDisk(this.path, partition, after, limit);
    return this.reader.partition(partition, after, limit);
  }

  async partitions(): Promise<PartitionHead[]> {
    this.use();
    return this.state.heads();
  }

  async find(query: EventQuery): Promise<EventPage> {
    this.use();
    const partition = query.stream === undefined ? undefined : partitionOf(query.stream, this.entityPartitions);
    return this.finder.find(query, partition);
  }

  async claimHolder(key: string): Promise<ClaimHolder | undefined> {
    this.use();
    return this.writer.holder(key);
  }

  onCommitted(listener: () => void): () => void {
    return this.wakeUp.add(listener);
  }

  async ping(): Promise<void> {
    this.use();
    this.group.check();
  }

  close(): Promise<void> {
    this.closing ??= this.group.close().then(async () => {
      this.wakeUp.close();
      await this.checkpointer.close();
      try {
        this.writer.finish();
      } catch {
        // the next writer does it
      }
      this.db.close();
    });
    return this.closing;
  }

  /** Before every read: the store is open, and what it remembers is what the database has. */
  private use(): void {
    if (this.group.closed) throw new StoreUnavailableError('the event store is closed');
    try {
      this.state.refresh();
    } catch (error) {
      throw new StoreUnavailableError(`the event log cannot be read: ${(error as Error).message}`, { cause: error });
    }
  }
}

import { PendingAppend } from '@signalbox/adapter-kit';
import { partitionOf, type RecordedEvent } from '@signalbox/contracts';
import {
  ClaimConflictError,
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
import { answering, MongoConnection, unavailable } from '../connection.js';
import { ClaimTable } from './claim-table.js';
import type { StoredCommit } from './commit-document.js';
import { CommitReader } from './commit-reader.js';
import { EventFinder } from './event-finder.js';
import { HeadTable } from './head-table.js';
import { LogClock } from './log-clock.js';
import { openCollections, type LogCollections } from './log-collections.js';
import { NameRegister } from './name-register.js';
import { resolveOptions, type LogOptions, type MongoEventStoreOptions } from './options.js';
import { LogMemory, PartitionState } from './partition-state.js';
import { PartitionWriter } from './partition-writer.js';
import { TailReader } from './tail-reader.js';
import { WakeUp } from './wake-up.js';

const DEFAULT_READ_LIMIT = 512;
/** How long a failed write makes the store unwell, when the server answers again. */
const FAILURE_COUNTS_MS = 1_000;

/**
 * The event log in MongoDB, or in what speaks its protocol: it needs unique keys, and neither transactions nor change
 * streams. Any number of processes may use one log.
 */
export class MongoEventStore implements EventStore {
  readonly system = 'mongodb';
  private readonly writers = new Map<string, PartitionWriter>();
  private readonly memory: LogMemory;
  private readonly claims: ClaimTable;
  private readonly names: NameRegister;
  private readonly reader: CommitReader;
  private readonly tail: TailReader;
  private readonly finder: EventFinder;
  private readonly wakeUp: WakeUp;
  private readonly heads: HeadTable;
  private state: 'open' | 'closing' | 'closed' = 'open';
  private closing: Promise<void> | undefined;

  private constructor(
    private readonly connection: MongoConnection,
    private readonly collections: LogCollections,
    private readonly entityPartitions: number,
    private readonly options: LogOptions,
  ) {
    this.memory = new LogMemory(options.recentBytes, new LogClock(options.clock));
    this.claims = new ClaimTable(collections.claims);
    this.names = new NameRegister(collections);
    this.reader = new CommitReader(collections);
    this.tail = new TailReader((...range) => this.reader.partition(...range), options.recentBytes);
    this.finder = new EventFinder(collections, this.reader);
    this.heads = new HeadTable(collections.commits, this.reader, () => this.wakeUp.notify());
    this.wakeUp = new WakeUp(collections.commits, () => this.heads.look(), {
      pollMs: options.wakeUpMs,
      changeStreams: connection.replicated,
    });
  }

  /**
   * @param url `mongodb://…`
   * @throws StoreUnavailableError when no server answers
   * @throws Error when the database has no such log: a newer format, or another number of entity partitions
   */
  static async open(url: string, options: MongoEventStoreOptions = {}): Promise<MongoEventStore> {
    const connection = await MongoConnection.open(url, options);
    try {
      const { collections, entityPartitions } = await answering('the event log cannot be opened', () =>
        openCollections(connection.db, options.entityPartitions),
      );
      return new MongoEventStore(connection, collections, entityPartitions, resolveOptions(options));
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  async append(request: AppendRequest): Promise<AppendResult> {
    const pending = new PendingAppend<StoredCommit>(request, partitionOf(request.stream, this.entityPartitions));
    if (this.state !== 'open') throw new StoreUnavailableError('the event store is closed');
    checkClaims(request.claims ?? []);
    this.checkQueue();
    this.writer(pending.partition).add(pending);
    return pending.promise;
  }

  readStream(stream: string, options: { fromVersion?: number; limit?: number } = {}): Promise<RecordedEvent[]> {
    return this.read(() => this.reader.stream(partitionOf(stream, this.entityPartitions), stream, options));
  }

  readPartition(
    partition: string,
    after: number,
    limit = DEFAULT_READ_LIMIT,
    options: { stored?: boolean } = {},
  ): Promise<Commit[]> {
    return this.read(async () => {
      if (options.stored) return this.reader.partition(partition, after, limit);
      return this.memory.recent.after(partition, after, limit) ?? this.tail.read(partition, after, limit);
    });
  }

  partitions({ maxAgeMs = 0 }: { maxAgeMs?: number } = {}): Promise<PartitionHead[]> {
    return this.read(() => (maxAgeMs > 0 ? this.heads.readKnown(maxAgeMs) : this.heads.read()));
  }

  find(query: EventQuery): Promise<EventPage> {
    const partition = query.stream === undefined ? undefined : partitionOf(query.stream, this.entityPartitions);
    return this.read(() => this.finder.find(query, partition));
  }

  claimHolder(key: string): Promise<ClaimHolder | undefined> {
    return this.read(() => this.claims.holder(key));
  }

  onCommitted(listener: () => void): () => void {
    return this.wakeUp.add(listener);
  }

  async ping(): Promise<void> {
    // a write that changes nothing: only a server that takes writes answers it
    await this.read(() => this.collections.settings.deleteOne({ _id: 'nothing' }));
    for (const writer of this.writers.values()) {
      const failure = writer.recentFailure(FAILURE_COUNTS_MS);
      if (failure) throw unavailable('the event log cannot be written', failure);
    }
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    this.state = 'closing';
    await Promise.all([...this.writers.values()].map((writer) => writer.idle()));
    this.state = 'closed';
    this.wakeUp.close();
    await this.connection.close();
  }

  private writer(partition: string): PartitionWriter {
    let writer = this.writers.get(partition);
    if (!writer) {
      const state = new PartitionState(partition, this.collections.commits, this.memory);
      const tables = {
        commits: this.collections.commits,
        claims: this.claims,
        names: this.names,
        heads: this.heads,
        clock: this.memory.clock,
      };
      writer = new PartitionWriter(state, tables, this.options.appendTimeoutMs, () => this.wakeUp.notify());
      this.writers.set(partition, writer);
    }
    return writer;
  }

  private checkQueue(): void {
    let waiting = 0;
    for (const writer of this.writers.values()) waiting += writer.waiting;
    const { maxQueuedCommits } = this.options;
    if (waiting < maxQueuedCommits) return;
    throw new StoreUnavailableError(`${waiting} commits wait to be stored; at most ${maxQueuedCommits} may`);
  }

  private async read<T>(run: () => Promise<T>): Promise<T> {
    if (this.state === 'closed') throw new StoreUnavailableError('the event store is closed');
    return answering('the event log cannot be read', run);
  }
}

function checkClaims(claims: readonly string[]): void {
  const twice = claims.find((key, index) => claims.indexOf(key) !== index);
  if (twice !== undefined) throw new ClaimConflictError(twice, undefined);
}

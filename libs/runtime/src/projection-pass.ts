import type { RecordedEvent } from '@signalbox/contracts';
import type { Checkpoint, Commit, EventStore, ReadModels, Tracer, Write } from '@signalbox/ports';
import type { BackoffOptions } from './backoff.js';
import { decodeCommit } from './decode-commit.js';
import { isRetryable, messageOf } from './errors.js';
import { LogFollower, StopFollowingError, type LogFollowerOptions } from './log-follower.js';
import type { Projection, ProjectionReader } from './projection.js';
import { typeFilter } from './type-filter.js';
import { isFromNewerRelease } from './upcast.js';
import { RUNTIME_LIMITS } from './limits.js';
import { startApplySpans } from './tracing/apply-spans.js';
import { failSpan } from './tracing/fail-span.js';

export interface ProjectionPassOptions {
  /** Added to the names of the projection and of its collections. */
  readonly suffix: string;
  readonly batch?: number;
  readonly pollMs?: number;
  /** Shortest time between two rounds that nobody waits for: a busy log is written in batches. Default 20 ms. */
  readonly coalesceMs?: number;
  /** How often, at most, a checkpoint is stored that comes with no documents. Default 1000 ms. */
  readonly checkpointMs?: number;
  readonly backoff?: BackoffOptions;
  readonly onError?: LogFollowerOptions['onError'];
  /** Traces that recent commits belong to get a span of it in each batch. */
  readonly tracer?: Tracer;
}

/** An event that a projection cannot take. The projection stops there; it never skips. */
export class PoisonEventError extends StopFollowingError {
  override readonly name = 'PoisonEventError';
  constructor(
    readonly projection: string,
    readonly where: string,
    override readonly cause: unknown,
  ) {
    super(`projection ${projection} stopped at ${where}: ${messageOf(cause)}`);
  }
}

class ReadFailure extends Error {
  readonly retryable = true;
}

/** One run of a projection through the log, into collections of its own names or of others beside them. */
export class ProjectionPass {
  readonly follower: LogFollower;
  readonly target: { readonly projection: string; readonly collections: readonly string[] };
  private readonly wants: (type: string) => boolean;
  private readonly reader: ProjectionReader;
  private done: Checkpoint = {};
  private unsaved = false;
  private savedAt = 0;

  constructor(
    store: EventStore,
    private readonly readModels: ReadModels,
    private readonly projection: Projection,
    private readonly options: ProjectionPassOptions,
  ) {
    const { suffix, batch, pollMs, coalesceMs = RUNTIME_LIMITS.project.coalesceMs, backoff, onError } = options;
    this.target = { projection: projection.name + suffix, collections: projection.collections.map((c) => c + suffix) };
    this.wants = typeFilter(projection.types);
    this.reader = this.makeReader();
    this.follower = new LogFollower(store, {
      from: () => this.prepare(),
      partitions: projection.partitions,
      onCommits: (commits) => this.take(commits),
      batch,
      pollMs,
      coalesceMs,
      backoff,
      onError,
    });
  }

  /** Ends after what is in hand, with the checkpoint stored. */
  async stop(): Promise<void> {
    await this.follower.stop();
    if (this.unsaved) await this.save(this.done, []);
  }

  private async prepare(): Promise<Checkpoint> {
    for (const [collection, fields] of Object.entries(this.projection.indexes ?? {})) {
      for (const field of fields) await this.readModels.ensureIndex(collection + this.options.suffix, field);
    }
    this.done = await this.readModels.checkpoint(this.target.projection);
    return this.done;
  }

  private async take(batch: readonly Commit[]): Promise<void> {
    // a batch comes again as a whole after a failure in its middle
    const commits = batch.filter(({ partition, position }) => position > (this.done[partition] ?? 0));
    try {
      await this.apply(commits);
    } catch (error) {
      if (isRetryable(error)) throw error;
      for (const commit of commits) await this.applyAlone(commit);
    }
  }

  private async applyAlone(commit: Commit): Promise<void> {
    try {
      await this.apply([commit]);
    } catch (error) {
      if (isRetryable(error)) throw error;
      throw await this.findPoison(commit, error);
    }
  }

  private async apply(commits: readonly Commit[]): Promise<void> {
    const wanted = commits.filter(({ types }) => types.some(this.wants));
    const { suffix, tracer } = this.options;
    // what a rebuild repeats was seen when it was new
    const spans = suffix === '' ? startApplySpans(tracer, this.projection.name, wanted) : [];
    try {
      await this.applyWanted(wanted, commits);
    } catch (error) {
      for (const span of spans) failSpan(span, error);
      throw error;
    } finally {
      for (const span of spans) span.end();
    }
  }

  private async applyWanted(wanted: readonly Commit[], commits: readonly Commit[]): Promise<void> {
    const events = wanted.flatMap((commit) => this.eventsOf(commit));
    const reached = { ...this.done };
    for (const { partition, position } of commits) reached[partition] = position;
    const writes = events.length === 0 ? [] : await this.project(events);
    const { checkpointMs = RUNTIME_LIMITS.project.checkpointMs } = this.options;
    if (writes.length > 0 || performance.now() - this.savedAt >= checkpointMs) await this.save(reached, writes);
    else this.unsaved = true;
    this.done = reached;
  }

  private eventsOf(commit: Commit): RecordedEvent[] {
    const events = decodeCommit(commit).filter((event) => this.wants(event.type));
    const newer = events.find(isFromNewerRelease);
    if (newer) throw new Error(`${newer.type} has version ${newer.schemaVersion}: written by a newer release`);
    return events;
  }

  private async project(events: readonly RecordedEvent[]): Promise<Write[]> {
    const writes = await this.projection.project(events, this.reader);
    return writes.map((write) => ({ ...write, collection: this.physical(write.collection) }));
  }

  private async save(checkpoint: Checkpoint, writes: readonly Write[]): Promise<void> {
    try {
      await this.readModels.commit(this.target.projection, checkpoint, writes);
    } catch (error) {
      throw new ReadFailure(`read models: ${messageOf(error)}`, { cause: error });
    }
    this.unsaved = false;
    this.savedAt = performance.now();
  }

  /** Projects ever more of a commit's events, without writing, to name the one that cannot be taken. */
  private async findPoison(commit: Commit, error: unknown): Promise<PoisonEventError> {
    const place = `${commit.partition}@${commit.position}`;
    const { name } = this.projection;
    let events: RecordedEvent[];
    try {
      events = this.eventsOf(commit);
    } catch {
      return new PoisonEventError(name, `commit ${place}`, error);
    }
    for (let end = 1; end <= events.length; end++) {
      try {
        await this.project(events.slice(0, end));
      } catch (cause) {
        if (isRetryable(cause)) throw cause;
        const event = events[end - 1]!;
        return new PoisonEventError(name, `event ${event.id} (${event.type}, ${place}/${event.index})`, cause);
      }
    }
    return new PoisonEventError(name, `commit ${place}`, error);
  }

  private physical(collection: string): string {
    if (!this.projection.collections.includes(collection)) {
      const allowed = this.projection.collections.join(', ');
      throw new Error(`projection ${this.projection.name} uses ${collection}; it may only use ${allowed}`);
    }
    return collection + this.options.suffix;
  }

  private makeReader(): ProjectionReader {
    const guarded = async <T>(reading: Promise<T>): Promise<T> => {
      try {
        return await reading;
      } catch (error) {
        throw new ReadFailure(`read models: ${messageOf(error)}`, { cause: error });
      }
    };
    return {
      get: async (collection, id) => guarded(this.readModels.get(this.physical(collection), id)),
      getMany: async (collection, ids) => guarded(this.readModels.getMany(this.physical(collection), ids)),
    };
  }
}

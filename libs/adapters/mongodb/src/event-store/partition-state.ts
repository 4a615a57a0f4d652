import { RecentCommits } from '@signalbox/adapter-kit';
import type { Collection, Document } from 'mongodb';
import {
  commitKey,
  FACTS,
  positions,
  type CommitDocument,
  type CommitFacts,
  type StoredCommit,
} from './commit-document.js';
import type { LogClock } from './log-clock.js';
import { REMEMBERED } from './options.js';
import { TwoGenerationMap } from './two-generation-map.js';

/** The newest commit of a partition, as far as this process knows. */
export interface Tail {
  readonly position: number;
  readonly hash: string;
  readonly time: string;
}

/** Commits of other writers that are caught up with one by one; behind by more, everything is forgotten instead. */
const MAX_CAUGHT_UP = 1000;
const START: Tail = { position: 0, hash: '', time: '' };
/** What makes an insert fail may be newer than what most members have. */
const LOCAL = { readConcern: { level: 'local' } } as const;

/** What this process remembers of all partitions that it writes to. */
export class LogMemory {
  readonly recent: RecentCommits<StoredCommit>;
  readonly versions = new TwoGenerationMap<number>(REMEMBERED);
  readonly commitIds = new TwoGenerationMap<CommitFacts>(REMEMBERED);

  constructor(
    recentBytes: number,
    readonly clock: LogClock,
  ) {
    this.recent = new RecentCommits(recentBytes);
  }
}

/**
 * The writer's view of one partition: its tail, stream versions and commitIds. It may be behind the database, which
 * then refuses the next insert because of its unique keys.
 */
export class PartitionState {
  private current: Tail | undefined;

  constructor(
    readonly partition: string,
    private readonly commits: Collection<CommitDocument>,
    private readonly memory: LogMemory,
  ) {}

  /** Undefined when it has to be read first. */
  get tail(): Tail | undefined {
    return this.current;
  }

  /** Reads what other writers added. @returns the tail */
  async refresh(): Promise<Tail> {
    if (!this.current) return (this.current = await this.readTail());
    const found = await this.commits
      .find(positions(this.partition, this.current.position), { projection: FACTS, ...LOCAL })
      .sort({ _id: 1 })
      .limit(MAX_CAUGHT_UP)
      .toArray();
    if (found.length === 0) return this.current;
    this.memory.recent.clear();
    if (found.length < MAX_CAUGHT_UP) {
      for (const facts of found) this.add(facts);
      return this.current;
    }
    this.memory.versions.clear();
    return (this.current = await this.readTail());
  }

  /** The tail is unknown from here on. */
  forget(): void {
    this.current = undefined;
    this.memory.recent.clear();
    this.memory.versions.clear();
  }

  /** A commit that this process stored behind the tail. */
  advance(commit: StoredCommit): void {
    this.add(commit);
    this.memory.recent.add(commit);
    this.memory.clock.stored(this.partition, commit.time);
  }

  version(stream: string): number | undefined {
    return this.memory.versions.get(stream);
  }

  known(commitId: string): CommitFacts | undefined {
    return this.memory.commitIds.get(commitKey(this.partition, 0) + commitId);
  }

  /** Reads the versions of streams that are not remembered. */
  async readVersions(streams: Iterable<string>): Promise<void> {
    const { partition } = this;
    const read = async (stream: string): Promise<void> => {
      const [newest] = await this.newest({ partition, stream }, 'firstVersion');
      this.memory.versions.set(stream, newest?.lastVersion ?? 0);
    };
    await Promise.all([...streams].filter((stream) => this.version(stream) === undefined).map(read));
  }

  /** Reads which of these commitIds are stored, as durably as the log promises, by commitId. */
  async readCommitIds(commitIds: readonly string[]): Promise<Map<string, CommitFacts>> {
    const found = await this.commits
      .find({ partition: this.partition, commitId: { $in: commitIds } }, { projection: FACTS })
      .toArray();
    return new Map(found.map((facts) => [facts.commitId, facts]));
  }

  private add(facts: CommitFacts): void {
    this.current = { position: facts.position, hash: facts.hash, time: facts.time };
    this.memory.versions.set(facts.stream, facts.lastVersion);
    const { partition, position, stream, firstVersion, lastVersion, commitId, time, hash } = facts;
    this.memory.commitIds.set(commitKey(partition, 0) + commitId, {
      ...{ partition, position, stream, firstVersion, lastVersion, commitId, time, hash },
    });
  }

  private async readTail(): Promise<Tail> {
    const [newest] = await this.newest(positions(this.partition, 0), '_id');
    return newest ?? START;
  }

  private newest(filter: Document, order: string): Promise<CommitFacts[]> {
    return this.commits
      .find(filter, { projection: FACTS, ...LOCAL })
      .sort({ [order]: -1 })
      .limit(1)
      .toArray();
  }
}

import type { Checkpoint, Commit, EventStore, PartitionHead } from '@signalbox/ports';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Backoff, type BackoffOptions } from './backoff.js';
import { messageOf } from './errors.js';
import { mergeByTime } from './merge-by-time.js';
import { Pause } from './pause.js';
import { RUNTIME_LIMITS } from './limits.js';

export interface LogFollowerOptions {
  /** Where to go on; a function is asked at the start, and again when it fails. */
  readonly from: Checkpoint | (() => Promise<Checkpoint>);
  /** Which partitions to read; all when absent. */
  readonly partitions?: (name: string) => boolean;
  /**
   * Takes commits of one or more partitions, in the order of each partition, never empty. The checkpoint moves when it resolves.
   * Throwing means "the same commits again, after a back-off"; throwing {@link StopFollowingError} ends the following.
   */
  onCommits(commits: Commit[]): void | Promise<void>;
  /** Commits per partition and round. Default 256. */
  readonly batch?: number;
  /** Longest time between two looks at the log without a wake-up, in milliseconds. Default 1000. */
  readonly pollMs?: number;
  /** Shortest time between two rounds that nobody waits for, so that a busy log is read in batches. Default 5 ms. */
  readonly coalesceMs?: number;
  readonly backoff?: BackoffOptions;
  /** Hears each failure; `fatal` when following has ended. */
  readonly onError?: (error: Error, info: { fatal: boolean; failures: number }) => void;
}

export type FollowerState = 'new' | 'following' | 'backing-off' | 'failed' | 'stopped';

/** Thrown by a handler whose work cannot go on: following ends, with the message as the reason. */
export class StopFollowingError extends Error {
  override readonly name: string = 'StopFollowingError';
}

/** The store returned positions that do not follow each other. A reader never skips. */
export class LogGapError extends StopFollowingError {
  override readonly name = 'LogGapError';
}

interface Waiter {
  target?: readonly PartitionHead[];
  resolve(): void;
  reject(error: Error): void;
}

/** Reads the log by position, for ever: woken when commits were stored, and by a poll in case a wake-up was lost. */
export class LogFollower {
  private positions: Checkpoint | undefined;
  private phase: FollowerState = 'new';
  private failure: Error | undefined;
  private heads: readonly PartitionHead[] = [];
  private waiters: Waiter[] = [];
  private running: Promise<void> | undefined;
  private readonly pause = new Pause();

  constructor(
    private readonly store: EventStore,
    private readonly options: LogFollowerOptions,
  ) {}

  /** Starts, or goes on after a stop or a failure; nothing happens when it runs already. */
  start(): void {
    if (this.running) return;
    this.phase = 'following';
    this.failure = undefined;
    this.pause.reset();
    const unsubscribe = this.store.onCommitted(() => this.pause.wake());
    this.running = this.run().finally(() => {
      unsubscribe();
      this.running = undefined;
    });
  }

  /**
   * Resolves when everything that is in the log now has been handled.
   * @throws Error with the reason when following has ended, or ends first
   */
  caughtUp(): Promise<void> {
    if (!this.running || this.pause.ended) return Promise.reject(this.endError());
    return new Promise((resolve, reject) => {
      this.waiters.push({ resolve, reject });
      this.pause.hurry();
    });
  }

  /** Ends after the commits that are in hand. Resolves when no handler runs any more. */
  async stop(): Promise<void> {
    this.pause.end();
    await this.running;
    if (this.phase !== 'failed') this.phase = 'stopped';
  }

  get checkpoint(): Checkpoint {
    return this.positions ?? {};
  }

  get state(): FollowerState {
    return this.phase;
  }

  /** Why it is backing off or has failed. */
  get error(): string | undefined {
    return this.failure?.message;
  }

  /** Commits in the log, at the last look, that have not been handled. */
  get lag(): number {
    return this.heads.reduce((sum, head) => sum + Math.max(0, head.position - this.positionIn(head.partition)), 0);
  }

  private async run(): Promise<void> {
    const { pollMs = RUNTIME_LIMITS.follow.pollMs, coalesceMs = RUNTIME_LIMITS.follow.coalesceMs } = this.options;
    const backoff = new Backoff(this.options.backoff);
    while (!this.pause.ended) {
      try {
        const more = await this.round();
        backoff.reset();
        if (more) {
          // an embedded store answers without I/O: a long catch-up would otherwise keep the process from everything else
          await nextTurn();
        } else {
          if (this.waiters.length === 0) await this.pause.forAtMost(coalesceMs, { deaf: true });
          if (this.waiters.length === 0) await this.pause.forAtMost(pollMs);
        }
      } catch (error) {
        this.failure = error instanceof Error ? error : new Error(String(error));
        if (error instanceof StopFollowingError) {
          this.phase = 'failed';
          this.pause.end();
          this.options.onError?.(error, { fatal: true, failures: 1 });
        } else {
          this.phase = 'backing-off';
          const wait = backoff.next();
          this.options.onError?.(this.failure, { fatal: false, failures: backoff.count });
          await this.pause.forAtMost(wait, { deaf: true, patient: true });
        }
      }
    }
    for (const waiter of this.waiters.splice(0)) waiter.reject(this.endError());
  }

  /** Handles at most one batch of each partition. @returns whether there is more */
  private async round(): Promise<boolean> {
    const {
      from,
      partitions,
      batch = RUNTIME_LIMITS.follow.batch,
      pollMs = RUNTIME_LIMITS.follow.pollMs,
    } = this.options;
    this.positions ??= typeof from === 'function' ? await from() : from;
    this.pause.listen();
    const waiting = this.waiters.filter((waiter) => waiter.target === undefined);
    const all = await this.store.partitions({ maxAgeMs: waiting.length > 0 ? 0 : pollMs });
    this.heads = partitions ? all.filter((head) => partitions(head.partition)) : all;
    for (const waiter of waiting) waiter.target = this.heads;
    const behind = this.heads.filter((head) => head.position > this.positionIn(head.partition));
    const batches = await Promise.all(
      behind.map(({ partition }) => this.store.readPartition(partition, this.positionIn(partition), batch)),
    );
    const reached: Record<string, number> = {};
    for (const commits of batches) this.checkGapless(commits, reached);
    const commits = mergeByTime(batches);
    if (behind.length > 0 && commits.length === 0) throw new Error('the store names commits that it does not return');
    if (commits.length > 0) {
      await this.options.onCommits(commits);
      this.positions = { ...this.positions, ...reached };
    }
    this.phase = 'following';
    this.failure = undefined;
    this.settleWaiters();
    return commits.length > 0 && this.lag > 0;
  }

  private checkGapless(commits: readonly Commit[], reached: Record<string, number>): void {
    for (const { partition, position } of commits) {
      const expected = (reached[partition] ?? this.positionIn(partition)) + 1;
      if (position !== expected) {
        throw new LogGapError(`gap in partition ${partition}: position ${expected} expected, ${position} found`);
      }
      reached[partition] = position;
    }
  }

  private settleWaiters(): void {
    if (this.waiters.length === 0) return;
    const reached = ({ target }: Waiter): boolean =>
      target !== undefined && target.every((head) => this.positionIn(head.partition) >= head.position);
    const done = this.waiters.filter(reached);
    this.waiters = this.waiters.filter((waiter) => !done.includes(waiter));
    for (const waiter of done) waiter.resolve();
  }

  private positionIn(partition: string): number {
    return this.positions?.[partition] ?? 0;
  }

  private endError(): Error {
    if (this.phase === 'failed') return new Error(`following ended: ${messageOf(this.failure)}`);
    return new Error(this.phase === 'new' ? 'the follower has not been started' : 'the follower was stopped');
  }
}

import type { PendingAppend } from '@signalbox/adapter-kit';
import { setTimeout as delay } from 'node:timers/promises';
import { isContention, unavailable } from '../connection.js';
import { ClaimReleasedError } from './claim-table.js';
import type { StoredCommit } from './commit-document.js';
import { GroupInsert, type LogTables, type Trust } from './group-insert.js';
import { MAX_BYTES_PER_INSERT, MAX_COMMITS_PER_INSERT } from './options.js';
import type { PartitionState } from './partition-state.js';
import { QueuedAppend } from './queued-append.js';

const MIN_PAUSE_MS = 5;
const MAX_PAUSE_MS = 250;
const MAX_CONTENDED_PAUSE_MS = 30;
const CONTENDED_MS = 5_000;

/** The only one in this process that writes to a partition: one group commit after the other. */
export class PartitionWriter {
  private queue: QueuedAppend[] = [];
  private running: Promise<void> | undefined;
  private failingSince: number | undefined;
  private contendedUntil = 0;
  private readonly group: GroupInsert;
  private failure: { readonly error: Error; readonly at: number } | undefined;

  constructor(
    private readonly state: PartitionState,
    tables: LogTables,
    private readonly appendTimeoutMs: number,
    private readonly onCommitted: () => void,
  ) {
    this.group = new GroupInsert(state, tables);
  }

  /** Appends that are not part of a group commit yet. */
  get waiting(): number {
    return this.queue.length;
  }

  /** Why the last round failed, unless that is long ago; undefined when the database answered. */
  recentFailure(withinMs: number): Error | undefined {
    return this.failure && performance.now() - this.failure.at < withinMs ? this.failure.error : undefined;
  }

  add(pending: PendingAppend<StoredCommit>): void {
    const now = performance.now();
    // what has been away for long is tried once, so that callers hear of it soon
    const away = this.failingSince !== undefined && now - this.failingSince > this.appendTimeoutMs;
    this.queue.push(new QueuedAppend(pending, away ? now : now + this.appendTimeoutMs));
    this.running ??= this.run();
  }

  /** Resolves when everything that was added has its answer. */
  async idle(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.queue.length > 0) {
      await this.makeWay();
      await this.write(this.take());
    }
    this.running = undefined;
  }

  private take(): QueuedAppend[] {
    let bytes = 0;
    let count = 0;
    while (count < Math.min(this.queue.length, MAX_COMMITS_PER_INSERT)) {
      bytes += this.queue[count]!.pending.eventsJson.length;
      if (count > 0 && bytes > MAX_BYTES_PER_INSERT) break;
      count++;
    }
    return this.queue.splice(0, count);
  }

  /** Rounds until every append of the batch has its answer, or its time is over. */
  private async write(batch: QueuedAppend[]): Promise<void> {
    let trust: Trust = this.failure ? 'nothing' : 'memory';
    let pauseMs = MIN_PAUSE_MS;
    for (let waiting = batch; waiting.length > 0;) {
      try {
        waiting = await this.group.round(waiting, trust);
        this.failure = undefined;
        this.failingSince = undefined;
        trust = 'memory';
        this.onCommitted();
      } catch (error) {
        const met = isContention(error) || error instanceof ClaimReleasedError;
        if (met) this.contendedUntil = performance.now() + CONTENDED_MS;
        else this.fail(error as Error);
        // what a lost answer may have stored is not in the memory
        trust = met && trust !== 'nothing' ? 'tail' : 'nothing';
        waiting = expired(
          waiting.filter((append) => !append.answered),
          error as Error,
        );
        if (waiting.length > 0) await delay(pauseMs * (0.5 + Math.random() / 2));
        pauseMs = Math.min(met ? MAX_CONTENDED_PAUSE_MS : MAX_PAUSE_MS, pauseMs * 2);
      }
    }
  }

  /** Where another process has just been met, it gets a chance between two group commits: they grow meanwhile. */
  private async makeWay(): Promise<void> {
    if (performance.now() < this.contendedUntil) await delay(Math.random() * MAX_CONTENDED_PAUSE_MS);
  }

  private fail(error: Error): void {
    this.state.forget();
    const at = performance.now();
    this.failure = { error, at };
    this.failingSince ??= at;
    this.queue = expired(this.queue, error);
  }
}

/** Rejects those whose time is over. @returns the others */
function expired(appends: readonly QueuedAppend[], cause: Error): QueuedAppend[] {
  const now = performance.now();
  return appends.filter((append) => {
    if (now < append.deadline) return true;
    append.reject(unavailable('the event log did not confirm the commit in time', cause));
    return false;
  });
}

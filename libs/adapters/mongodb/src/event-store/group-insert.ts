import { CommitTooLargeError } from '@signalbox/ports';
import type { Collection } from 'mongodb';
import type { ClaimTable } from './claim-table.js';
import { nextCommit, toDocument, type CommitDocument, type StoredCommit } from './commit-document.js';
import { planCommits, type CommitPlan } from './commit-plan.js';
import type { HeadTable } from './head-table.js';
import type { LogClock } from './log-clock.js';
import type { NameRegister } from './name-register.js';
import type { PartitionState, Tail } from './partition-state.js';
import type { QueuedAppend } from './queued-append.js';

export interface LogTables {
  readonly commits: Collection<CommitDocument>;
  readonly claims: ClaimTable;
  readonly names: NameRegister;
  readonly heads: HeadTable;
  readonly clock: LogClock;
}

/**
 * What of the memory a round goes by: all of it; all of it after the tail was read again; or nothing, so that the
 * database is asked what of the batch is stored already and where its streams are.
 */
export type Trust = 'memory' | 'tail' | 'nothing';

/** Stores a batch of one partition with one ordered insert behind the tail. */
export class GroupInsert {
  constructor(
    private readonly state: PartitionState,
    private readonly tables: LogTables,
  ) {}

  /**
   * One round. Appends that get their answer are taken out of the batch.
   * @returns the appends without an answer
   * @throws the driver's error; what is stored then is unknown
   */
  async round(batch: readonly QueuedAppend[], trust: Trust): Promise<QueuedAppend[]> {
    const known = this.state.tail;
    const tail = trust === 'memory' && known ? known : await this.state.refresh();
    // not the place was taken by another writer, then: a stream or a commitId is older than what is remembered
    if (trust === 'tail' && tail.position === known?.position) return this.round(batch, 'nothing');
    const unanswered = trust === 'nothing' ? await this.answerStored(batch) : this.answerKnown(batch);
    if (unanswered.length === 0) return [];
    await this.state.readVersions(streamsToRead(unanswered, trust));
    const plan = planCommits(unanswered, this.state);
    if (plan.conflicts.length > 0 && trust !== 'nothing') return this.round(unanswered, 'nothing');
    await this.refuse(plan.conflicts);
    const time = this.tables.clock.next(this.state.partition, tail.time);
    const lost = await this.takeClaims(plan, time);
    if (lost) return [...plan.inserts.map(({ append }) => append).filter((append) => !lost.has(append)), ...plan.later];
    return this.insert(plan, tail, time);
  }

  private async insert(plan: CommitPlan, tail: Tail, time: string): Promise<QueuedAppend[]> {
    const commits: StoredCommit[] = [];
    let { position, hash: previousHash } = tail;
    for (const { append, version } of plan.inserts) {
      try {
        const commit = nextCommit(append.pending, { position: ++position, previousHash, version, time });
        previousHash = commit.hash;
        commits.push(commit);
      } catch (error) {
        if (!(error instanceof CommitTooLargeError)) throw error;
        await this.refuse([{ append, error }]);
        return [...plan.inserts.map((entry) => entry.append).filter((other) => other !== append), ...plan.later];
      }
    }
    if (commits.length > 0) {
      await this.tables.names.register(this.state.partition, commits);
      plan.inserts.forEach(({ append }, index) => append.attempting(commits[index]!));
      await this.tables.commits.insertMany(commits.map(toDocument), { ordered: true });
      plan.inserts.forEach(({ append }, index) => {
        this.state.advance(commits[index]!);
        this.tables.heads.note(commits[index]!);
        append.resolve(commits[index]!);
      });
    }
    return plan.later;
  }

  private answerKnown(batch: readonly QueuedAppend[]): QueuedAppend[] {
    return batch.filter((append) => {
      const known = this.state.known(append.commitId);
      if (known) append.resolve(known);
      return !known;
    });
  }

  private async answerStored(batch: readonly QueuedAppend[]): Promise<QueuedAppend[]> {
    const stored = await this.state.readCommitIds(batch.map((append) => append.commitId));
    return batch.filter((append) => {
      const known = stored.get(append.commitId);
      if (known) append.resolve(known);
      return !known;
    });
  }

  /** Nothing of them is stored, for certain, so that their claims can be given back. */
  private async refuse(refused: readonly { readonly append: QueuedAppend; readonly error: Error }[]): Promise<void> {
    await this.tables.claims.release(refused.map(({ append }) => append).filter((append) => append.claimed));
    for (const { append, error } of refused) append.reject(error);
  }

  /** @returns those that did not get theirs, already answered; undefined when all did */
  private async takeClaims(plan: CommitPlan, time: string): Promise<ReadonlyMap<QueuedAppend, Error> | undefined> {
    const wanting = plan.inserts.map(({ append }) => append).filter((append) => append.needsClaims);
    if (wanting.length === 0) return undefined;
    const lost = await this.tables.claims.take(wanting, time);
    for (const [append, error] of lost) append.reject(error);
    return wanting.every((append) => append.claimed) ? undefined : lost;
  }
}

/** For a new stream the insert itself finds out whether it is one. */
function streamsToRead(batch: readonly QueuedAppend[], trust: Trust): Set<string> {
  return new Set(
    batch
      .filter(({ pending }) => trust === 'nothing' || pending.request.expectedVersion !== 0)
      .map((append) => append.stream),
  );
}

import { ClaimConflictError, type ClaimHolder } from '@signalbox/ports';
import { MongoBulkWriteError, type Collection } from 'mongodb';
import { isDuplicateKey } from '../connection.js';
import type { ClaimDocument } from './log-collections.js';
import type { QueuedAppend } from './queued-append.js';

const LOCAL = { readConcern: { level: 'local' } } as const;

/**
 * Claims are documents of their own, inserted before the commit that takes them. A process that dies in between leaves
 * a claim without a commit: its keys stay taken for everybody but the same commit (same partition and commitId), whose
 * retry finds them its own. The same holds when it is unknown whether the commit was stored.
 */
export class ClaimTable {
  constructor(private readonly claims: Collection<ClaimDocument>) {}

  async holder(key: string): Promise<ClaimHolder | undefined> {
    const found = await this.claims.findOne({ _id: key });
    return found ? holderOf(found) : undefined;
  }

  /**
   * Takes the keys of each append, all or none of them, and marks those that have theirs as claimed.
   * @returns those that did not get theirs, with the reason; not those that may try again, because what they lost to
   * did not get its keys either
   */
  async take(appends: readonly QueuedAppend[], time: string): Promise<Map<QueuedAppend, ClaimConflictError>> {
    const wanted = appends.flatMap((append) => documentsOf(append, time).map((document) => ({ append, document })));
    const taken = await this.insert(wanted.map(({ document }) => document));
    const lost = new Map<QueuedAppend, ClaimDocument>();
    for (const { append, document } of wanted) {
      const holder = taken.get(document);
      if (holder && !isMine(holder, document) && !lost.has(append)) lost.set(append, holder);
    }
    await this.release([...lost.keys()]);
    for (const append of appends) append.claimed = !lost.has(append);
    const released = new Set([...lost.keys()].map((append) => append.commitId));
    return new Map(
      [...lost]
        .filter(([{ pending }, holder]) => holder.partition !== pending.partition || !released.has(holder.commitId))
        .map(([append, holder]) => [append, new ClaimConflictError(holder._id, holderOf(holder))]),
    );
  }

  /** Gives up the keys of appends of which nothing is stored, for certain. */
  async release(appends: readonly QueuedAppend[]): Promise<void> {
    const held = appends.filter((append) => append.pending.request.claims?.length);
    if (held.length === 0) return;
    await this.claims.deleteMany({
      $or: held.map(({ pending: { request, partition } }) => ({
        _id: { $in: request.claims! },
        partition,
        commitId: request.commitId,
      })),
    });
    for (const append of held) append.claimed = false;
  }

  /** @returns for each document that was not inserted, the one in its place */
  private async insert(documents: readonly ClaimDocument[]): Promise<Map<ClaimDocument, ClaimDocument>> {
    try {
      await this.claims.insertMany(documents, { ordered: false });
      return new Map();
    } catch (error) {
      if (!isDuplicateKey(error) || !(error instanceof MongoBulkWriteError)) throw error;
    }
    const keys = documents.map((document) => document._id);
    const found = await this.claims.find({ _id: { $in: keys } }, LOCAL).toArray();
    const byKey = new Map(found.map((holder) => [holder._id, holder]));
    // released by its holder in this moment: the whole round is tried again
    const missing = keys.find((key) => !byKey.has(key));
    if (missing !== undefined) throw new ClaimReleasedError(`claim ${missing} was released meanwhile`);
    return new Map(documents.map((document) => [document, byKey.get(document._id)!]));
  }
}

/** Somebody gave a key back while we looked who has it. */
export class ClaimReleasedError extends Error {
  override readonly name = 'ClaimReleasedError';
}

function documentsOf({ pending }: QueuedAppend, time: string): ClaimDocument[] {
  const { partition, request } = pending;
  const { commitId, metadata, claims = [] } = request;
  return claims.map((_id) => ({ _id, partition, commitId, actor: metadata.actor, time }));
}

const isMine = (holder: ClaimDocument, wanted: ClaimDocument): boolean =>
  holder.partition === wanted.partition && holder.commitId === wanted.commitId;

const holderOf = ({ _id, actor, commitId, time }: ClaimDocument): ClaimHolder => ({ key: _id, actor, commitId, time });

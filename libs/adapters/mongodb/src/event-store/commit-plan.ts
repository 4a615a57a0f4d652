import { VersionConflictError } from '@signalbox/ports';
import type { PartitionState } from './partition-state.js';
import type { QueuedAppend } from './queued-append.js';

/** What becomes of a batch, as far as is known without inserting it. */
export interface CommitPlan {
  /** In order, each with the version its stream is at before it. */
  readonly inserts: { readonly append: QueuedAppend; readonly version: number }[];
  readonly conflicts: { readonly append: QueuedAppend; readonly error: VersionConflictError }[];
  /** Their answer depends on what becomes of another one in the batch, with the same commitId or stream. */
  readonly later: QueuedAppend[];
}

/** A stream that is not remembered counts as empty: if it is not, its first version is taken, and the insert fails. */
export function planCommits(batch: readonly QueuedAppend[], state: PartitionState): CommitPlan {
  const plan: CommitPlan = { inserts: [], conflicts: [], later: [] };
  const versions = new Map<string, number>();
  const commitIds = new Set<string>();
  for (const append of batch) {
    const { stream, expectedVersion, events } = append.pending.request;
    if (commitIds.has(append.commitId)) {
      plan.later.push(append);
      continue;
    }
    commitIds.add(append.commitId);
    const planned = versions.get(stream);
    const version = planned ?? state.version(stream) ?? 0;
    if (expectedVersion !== 'any' && expectedVersion !== version) {
      if (planned !== undefined) plan.later.push(append);
      else plan.conflicts.push({ append, error: new VersionConflictError(stream, expectedVersion, version) });
      continue;
    }
    plan.inserts.push({ append, version });
    versions.set(stream, version + events.length);
  }
  return plan;
}

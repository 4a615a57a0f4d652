import type { Commit, CommitBody, EventStore } from '@signalbox/ports';
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf } from './errors.js';
import { RUNTIME_LIMITS } from './limits.js';

export interface VerifyOptions {
  /** Begin behind this commit, whose hash is known from elsewhere. Default: the beginning of the partition. */
  readonly after?: { readonly position: number; readonly hash: string };
  /** Commits per read; between reads the process may do other things. Default 128. */
  readonly batch?: number;
  /** Aborting ends the walk with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface PartitionVerdict {
  readonly partition: string;
  /** Position of the last commit that is right. */
  readonly head: number;
  /** Its hash; empty for an empty partition. Kept elsewhere, it proves later that nothing was cut off. */
  readonly hash: string;
  /** The first wrong position; absent when all is right. */
  readonly firstBad?: number;
  /** What is wrong there. */
  readonly reason?: string;
}

/**
 * Walks a partition's hash chain as it lies in the store: gap-free positions, links, hashes over the bodies, copies equal to the bodies.
 * Stops at the first wrong commit.
 */
export async function verifyPartition(
  store: Pick<EventStore, 'partitions' | 'readPartition'>,
  partition: string,
  options: VerifyOptions = {},
): Promise<PartitionVerdict> {
  const { after, batch = RUNTIME_LIMITS.verify.batch, signal } = options;
  const expectedHead = (await store.partitions()).find((head) => head.partition === partition);
  let { position: head, hash } = after ?? { position: 0, hash: '' };
  for (;;) {
    signal?.throwIfAborted();
    await nextTurn();
    const commits = await store.readPartition(partition, head, batch, { stored: true });
    if (commits.length === 0) break;
    for (const commit of commits) {
      const reason = whatIsWrong(commit, { partition, position: head + 1, previousHash: hash });
      if (reason !== undefined) return { partition, head, hash, firstBad: head + 1, reason };
      head = commit.position;
      hash = commit.hash;
    }
  }
  if (expectedHead && expectedHead.position > head) {
    const reason = `the partition ends at ${head}, but position ${expectedHead.position} was committed`;
    return { partition, head, hash, firstBad: head + 1, reason };
  }
  return { partition, head, hash };
}

interface Expected {
  readonly partition: string;
  readonly position: number;
  readonly previousHash: string;
}

function whatIsWrong(commit: Commit, expected: Expected): string | undefined {
  if (commit.position !== expected.position) {
    return `position ${expected.position} is missing; position ${commit.position} comes next`;
  }
  if (commit.partition !== expected.partition) return `it belongs to partition ${commit.partition}`;
  if (commit.previousHash !== expected.previousHash) return 'previousHash is not the hash of the commit before';
  const hash = createHash('sha256').update(expected.previousHash).update(commit.body).digest('hex');
  if (commit.hash !== hash) return 'hash is not the hash of previousHash and body';
  let body: CommitBody;
  try {
    body = JSON.parse(commit.body) as CommitBody;
  } catch (error) {
    return `body is not JSON: ${messageOf(error)}`;
  }
  const wrongCopy = findWrongCopy(commit, body);
  return wrongCopy && `${wrongCopy} is not what the body says`;
}

const COPIED = [
  'stream',
  'firstVersion',
  'commitId',
  'time',
  'actor',
  'correlationId',
  'causationId',
  'traceparent',
] as const;

function findWrongCopy(commit: Commit, body: CommitBody): string | undefined {
  const wrong = COPIED.find((field) => (commit[field] ?? undefined) !== (body[field] ?? undefined));
  if (wrong) return wrong;
  if (commit.lastVersion !== body.firstVersion + body.events.length - 1) return 'lastVersion';
  const types = [...new Set(body.events.map(({ type }) => type))];
  return types.join() === commit.types.join() ? undefined : 'types';
}

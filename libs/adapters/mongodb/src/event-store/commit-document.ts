import { parseBody, type PendingAppend } from '@signalbox/adapter-kit';
import type { Commit, CommitBody } from '@signalbox/ports';
import { hash } from 'node:crypto';

/** A commit as the collection `commits` has it. */
export interface CommitDocument {
  /** {@link commitKey}: it makes (partition, position) unique and is what partitions are read by. */
  readonly _id: string;
  readonly partition: string;
  readonly position: number;
  readonly stream: string;
  readonly firstVersion: number;
  readonly lastVersion: number;
  readonly commitId: string;
  readonly time: string;
  readonly actor: string;
  readonly correlationId: string;
  readonly causationId?: string | undefined;
  readonly traceparent?: string | undefined;
  readonly types: readonly string[];
  readonly body: string;
  readonly previousHash: string;
  readonly hash: string;
}

/** What is needed to go on behind a commit, or to answer for it again. */
export type CommitFacts = Pick<
  CommitDocument,
  'partition' | 'position' | 'stream' | 'firstVersion' | 'lastVersion' | 'commitId' | 'time' | 'hash'
>;

export const FACTS = {
  _id: 0,
  partition: 1,
  position: 1,
  stream: 1,
  firstVersion: 1,
  lastVersion: 1,
  commitId: 1,
  time: 1,
  hash: 1,
} as const;

const POSITION_DIGITS = 12;
export const MAX_POSITION = 10 ** POSITION_DIGITS - 1;

/** `<partition>/<position, 12 digits>`. A slash in the partition's name is escaped, so that no range holds another partition. */
export function commitKey(partition: string, position: number): string {
  const name = partition.replace(/[%/]/g, (character) => (character === '%' ? '%25' : '%2F'));
  return `${name}/${String(position).padStart(POSITION_DIGITS, '0')}`;
}

/** Filter: the commits of a partition with position > `after` and ≤ `upTo`. */
export function positions(
  partition: string,
  after: number,
  upTo = MAX_POSITION,
): { _id: { $gt: string; $lte: string } } {
  return { _id: { $gt: commitKey(partition, after), $lte: commitKey(partition, upTo) } };
}

/** A commit with its parsed body. `parsed` is an accessor of the class, so copies and comparisons leave it out. */
export class StoredCommit implements Commit {
  readonly partition: string;
  readonly position: number;
  readonly stream: string;
  readonly firstVersion: number;
  readonly lastVersion: number;
  readonly commitId: string;
  readonly time: string;
  readonly actor: string;
  readonly correlationId: string;
  readonly causationId: string | undefined;
  readonly traceparent: string | undefined;
  readonly types: readonly string[];
  readonly body: string;
  readonly previousHash: string;
  readonly hash: string;
  readonly #parsed: CommitBody | undefined;

  constructor(document: Omit<CommitDocument, '_id'>, parsed: CommitBody | undefined) {
    this.partition = document.partition;
    this.position = document.position;
    this.stream = document.stream;
    this.firstVersion = document.firstVersion;
    this.lastVersion = document.lastVersion;
    this.commitId = document.commitId;
    this.time = document.time;
    this.actor = document.actor;
    this.correlationId = document.correlationId;
    this.causationId = document.causationId;
    this.traceparent = document.traceparent;
    this.types = document.types;
    this.body = document.body;
    this.previousHash = document.previousHash;
    this.hash = document.hash;
    this.#parsed = parsed;
  }

  get parsed(): CommitBody | undefined {
    return this.#parsed;
  }
}

export const fromDocument = (document: CommitDocument): StoredCommit =>
  new StoredCommit(document, parseBody(document.body));

export const toDocument = (commit: StoredCommit): CommitDocument => ({
  _id: commitKey(commit.partition, commit.position),
  ...commit,
});

/**
 * The commit that an append makes behind another one.
 * @throws CommitTooLargeError
 */
export function nextCommit(
  pending: PendingAppend<StoredCommit>,
  place: { readonly position: number; readonly previousHash: string; readonly version: number; readonly time: string },
): StoredCommit {
  const { request, partition } = pending;
  const { stream, commitId, events, metadata } = request;
  const { actor, correlationId, causationId, traceparent } = metadata;
  const { position, previousHash, version, time } = place;
  const firstVersion = version + 1;
  const body = pending.body(firstVersion, time);
  const fields = {
    partition,
    position,
    stream,
    firstVersion,
    lastVersion: version + events.length,
    commitId,
    time,
    actor,
    correlationId,
    causationId,
    traceparent,
    types: [...new Set(events.map((event) => event.type))],
    body,
    previousHash,
    hash: hash('sha256', previousHash + body),
  };
  return new StoredCommit(fields, pending.parsedBody(firstVersion, time));
}

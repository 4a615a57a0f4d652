import type { Commit, CommitBody } from '@signalbox/ports';

/** The columns of a commit, without what only `body` has. */
export interface CommitRow {
  readonly seq: number;
  readonly position: number;
  readonly stream: string;
  readonly first_version: number;
  readonly last_version: number;
  readonly commit_id: string;
  readonly correlation_id: string;
  readonly time: string;
  readonly previous_hash: string;
  readonly hash: string;
  readonly body: string;
}

export const COMMIT_COLUMNS =
  'seq, partition_id, position, stream, first_version, last_version, commit_id, correlation_id, type_set, time, previous_hash, hash, body';

const NOTHING_PARSED = { actor: '', causationId: undefined, traceparent: undefined };

/** A commit with its parsed body. `parsed` is an accessor of the class, so copies and comparisons leave it out. */
export class StoredCommit implements Commit {
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
  readonly body: string;
  readonly previousHash: string;
  readonly hash: string;
  readonly #parsed: CommitBody | undefined;
  readonly #seq: number;

  constructor(
    readonly partition: string,
    readonly types: readonly string[],
    row: CommitRow,
    parsed: CommitBody | undefined,
  ) {
    this.position = row.position;
    this.stream = row.stream;
    this.firstVersion = row.first_version;
    this.lastVersion = row.last_version;
    this.commitId = row.commit_id;
    this.time = row.time;
    const { actor, causationId, traceparent } = parsed ?? NOTHING_PARSED;
    this.actor = actor;
    this.correlationId = row.correlation_id;
    this.causationId = causationId;
    this.traceparent = traceparent;
    this.body = row.body;
    this.previousHash = row.previous_hash;
    this.hash = row.hash;
    this.#parsed = parsed;
    this.#seq = row.seq;
  }

  /** Its place in the whole log. */
  get seq(): number {
    return this.#seq;
  }

  get parsed(): CommitBody | undefined {
    return this.#parsed;
  }
}

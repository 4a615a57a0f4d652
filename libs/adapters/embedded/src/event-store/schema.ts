import { DatabaseSync } from 'node:sqlite';
import { DEFAULT_ENTITY_PARTITIONS } from './options.js';

const SCHEMA_VERSION = 1;

/**
 * `seq` is the order of the whole log: assigned under the write lock, so it agrees with the positions of every partition.
 * Of the metadata the columns have what is searched for; the rest is in `body` only.
 *
 * Position and claims are unique as each commit is inserted. Whoever holds position n + 1 knows the commits up to n, so
 * stream versions and commitIds are checked against those; their unique indexes are tables of their own, filled up to
 * `indexed_to` many commits at a time (see CommitIndexer).
 */
const SCHEMA = `
  CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE partitions (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE type_sets (id INTEGER PRIMARY KEY, types TEXT NOT NULL UNIQUE);
  CREATE TABLE commits (
    seq INTEGER PRIMARY KEY,
    partition_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    stream TEXT NOT NULL,
    first_version INTEGER NOT NULL,
    last_version INTEGER NOT NULL,
    commit_id TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    type_set INTEGER NOT NULL,
    time TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    body TEXT NOT NULL
  );
  CREATE UNIQUE INDEX commits_position ON commits (partition_id, position);
  CREATE TABLE claims (
    key TEXT PRIMARY KEY,
    actor TEXT NOT NULL,
    commit_id TEXT NOT NULL,
    time TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE stream_index (
    partition_id INTEGER NOT NULL,
    stream TEXT NOT NULL,
    first_version INTEGER NOT NULL,
    last_version INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (partition_id, stream, first_version)
  ) WITHOUT ROWID;
  CREATE TABLE commit_id_index (
    partition_id INTEGER NOT NULL,
    commit_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (partition_id, commit_id)
  ) WITHOUT ROWID;
  CREATE TABLE correlation_index (
    correlation_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (correlation_id, seq)
  ) WITHOUT ROWID;
  CREATE TABLE type_index (
    type_set INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (type_set, seq)
  ) WITHOUT ROWID;
  CREATE TABLE indexed_to (seq INTEGER NOT NULL);
  INSERT INTO indexed_to VALUES (0);
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** How long a statement may block the thread while another process holds the lock; longer waits are asynchronous. */
const BLOCKING_WAIT_MS = 5;
const OPEN_WAIT_MS = 5_000;
/** When SQLite makes a checkpoint itself, on this thread: 32 MiB, if the Checkpointer has not been done by then. */
const WAL_PAGES = 8_192;

/**
 * Opens the log's database, and makes it if it does not exist.
 * @param path a file, or `:memory:`
 * @throws Error when the file was made by a newer version, or with another number of entity partitions
 */
export function openLogDatabase(
  path: string,
  options: { synchronous: 'NORMAL' | 'FULL'; entityPartitions?: number | undefined },
): { db: DatabaseSync; entityPartitions: number } {
  const db = openFile(path);
  try {
    db.exec(`PRAGMA busy_timeout = ${OPEN_WAIT_MS}`);
    db.exec('PRAGMA journal_mode = WAL');
    db.exec(`PRAGMA synchronous = ${options.synchronous}`);
    db.exec(`PRAGMA wal_autocheckpoint = ${WAL_PAGES}`);
    createSchema(db, options.entityPartitions ?? DEFAULT_ENTITY_PARTITIONS);
    const stored = db.prepare(`SELECT value FROM settings WHERE key = 'entityPartitions'`).get() as { value: string };
    const entityPartitions = Number(stored.value);
    if (options.entityPartitions !== undefined && options.entityPartitions !== entityPartitions) {
      throw new Error(
        `it was made with ${entityPartitions} entity partitions, which is fixed; ${options.entityPartitions} is configured`,
      );
    }
    db.exec(`PRAGMA busy_timeout = ${BLOCKING_WAIT_MS}`);
    return { db, entityPartitions };
  } catch (cause) {
    db.close();
    throw cannotOpen(path, cause);
  }
}

function openFile(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path);
  } catch (cause) {
    throw cannotOpen(path, cause);
  }
}

const cannotOpen = (path: string, cause: unknown): Error =>
  new Error(`cannot open the event log ${path}: ${(cause as Error).message}`, { cause });

function createSchema(db: DatabaseSync, entityPartitions: number): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version > SCHEMA_VERSION) {
      throw new Error(`the log has format ${version}; this version reads formats up to ${SCHEMA_VERSION}`);
    }
    if (version === 0) {
      db.exec(SCHEMA);
      db.prepare(`INSERT INTO settings VALUES ('entityPartitions', ?)`).run(String(entityPartitions));
    }
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}

/** A second connection to a log that exists. The caller closes it. */
export function openForReading(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true });
  db.exec(`PRAGMA busy_timeout = ${OPEN_WAIT_MS}`);
  return db;
}

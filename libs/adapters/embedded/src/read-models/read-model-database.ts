import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

export type Row = Record<string, unknown>;
type Parameters = [Record<string, SQLInputValue>] | SQLInputValue[];

/** Filters make new SQL texts; the oldest make room. */
const MAX_STATEMENTS = 256;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS checkpoints (projection TEXT PRIMARY KEY, positions TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS indexes (owner TEXT, field TEXT, PRIMARY KEY (owner, field)) WITHOUT ROWID;
`;

export function openDatabase(file: string, busyTimeoutMs: number): ReadModelDatabase {
  const database = new DatabaseSync(file);
  try {
    database.exec(`PRAGMA busy_timeout = ${Math.trunc(busyTimeoutMs)}`);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16000');
    database.exec(SCHEMA);
  } catch (error) {
    database.close();
    throw error;
  }
  return new ReadModelDatabase(database);
}

/** The database with its statements prepared once, its tables known and its transactions whole. */
export class ReadModelDatabase {
  private readonly statements = new Map<string, StatementSync>();
  private readonly tables = new Set<string>();

  constructor(private readonly database: DatabaseSync) {}

  run(sql: string, ...parameters: Parameters): void {
    this.statement(sql).run(...(parameters as SQLInputValue[]));
  }

  first(sql: string, ...parameters: Parameters): Row | undefined {
    return this.statement(sql).get(...(parameters as SQLInputValue[])) as Row | undefined;
  }

  all(sql: string, ...parameters: Parameters): Row[] {
    return this.statement(sql).all(...(parameters as SQLInputValue[])) as Row[];
  }

  /** All of it or, when it throws, nothing. */
  transaction(work: () => void): void {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.database.exec('COMMIT');
    } catch (error) {
      this.tables.clear();
      // SQLite has rolled back by itself after some errors, a full disk among them
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw error;
    }
  }

  /** @param table quoted, as `tableOf` makes it */
  hasTable(table: string): boolean {
    if (this.tables.has(table)) return true;
    const known = this.first(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`, unquote(table));
    if (known) this.tables.add(table);
    return known !== undefined;
  }

  ensureTable(table: string): void {
    if (this.hasTable(table)) return;
    this.database.exec(`CREATE TABLE IF NOT EXISTS ${table} (id TEXT PRIMARY KEY NOT NULL, doc TEXT NOT NULL)`);
    this.tables.add(table);
  }

  dropTable(table: string): void {
    this.database.exec(`DROP TABLE IF EXISTS ${table}`);
    this.tables.delete(table);
  }

  renameTable(from: string, to: string): void {
    this.database.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
    this.tables.delete(from);
    this.tables.add(to);
  }

  exec(sql: string): void {
    this.database.exec(sql);
  }

  close(): void {
    this.statements.clear();
    if (this.database.isOpen) this.database.close();
  }

  private statement(sql: string): StatementSync {
    let statement = this.statements.get(sql);
    if (statement) return statement;
    statement = this.database.prepare(sql);
    if (this.statements.size >= MAX_STATEMENTS) this.statements.delete(this.statements.keys().next().value!);
    this.statements.set(sql, statement);
    return statement;
  }
}

const unquote = (table: string): string => table.slice(1, -1);

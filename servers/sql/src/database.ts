import { constants, DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { createSample } from './sample.js';

export type Parameters = readonly SqlValue[] | Readonly<Record<string, SqlValue>>;
export type SqlValue = string | number | boolean | null;

/** Columns and rows, values as JSON: integers beyond 2^53 as strings, blobs as `{ "base64": … }`. */
export interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  /** There were more rows, or they were too large. */
  readonly truncated: boolean;
}
export interface Changes {
  readonly changes: number;
  readonly lastInsertRowid: number | string;
}

/** A statement that this server does not run. */
export class RefusedStatementError extends Error {
  override readonly name = 'RefusedStatementError';
}

const BUSY_TIMEOUT_MS = 2000;
const RESULT_CHARACTERS = 1024 * 1024;
const READING = new Set([
  constants.SQLITE_SELECT,
  constants.SQLITE_READ,
  constants.SQLITE_FUNCTION,
  constants.SQLITE_RECURSIVE,
]);
const READING_PRAGMAS = new Set(
  'table_list table_info table_xinfo index_list index_info index_xinfo foreign_key_list function_list compile_options user_version'.split(
    ' ',
  ),
);
/** What would reach beyond this one database, or stay behind after the statement. */
const NEVER = new Map([
  [constants.SQLITE_ATTACH, 'ATTACH and VACUUM INTO'],
  [constants.SQLITE_DETACH, 'DETACH'],
  [constants.SQLITE_TRANSACTION, 'BEGIN, COMMIT and ROLLBACK (each statement is a transaction of its own)'],
  [constants.SQLITE_SAVEPOINT, 'SAVEPOINT'],
]);

/**
 * One SQLite file through two connections: one that SQLite itself opened read-only, for queries, and one for changes.
 * What a statement does is decided by SQLite's authorizer while it compiles it, never by looking at its text.
 */
export class Database {
  private readonly writer: DatabaseSync;
  private readonly reader: DatabaseSync;
  private refused: string | undefined;

  /** Opens the file; creates it with a small sample when it does not exist. */
  constructor(file: string) {
    createSample(file);
    this.writer = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
    this.reader = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, readOnly: true });
    this.writer.setAuthorizer((action, first) => this.authorize(this.refusalOfAny(action, first)));
    this.reader.setAuthorizer((action, first) => this.authorize(this.refusalOfReader(action, first)));
  }

  /** Runs one statement that only reads. @throws RefusedStatementError, or SQLite's own error */
  query(sql: string, parameters: Parameters, maxRows: number): Rows {
    return this.explainRefusal(() => {
      const statement = prepareOne(this.reader, sql);
      statement.setReadBigInts(true);
      statement.setReturnArrays(true);
      const columns = statement.columns().map(({ name }) => name);
      const rows: unknown[][] = [];
      let characters = 0;
      // with setReturnArrays a row is an array, which the types do not know
      for (const row of statement.iterate(...bound(parameters)) as unknown as Iterable<SQLOutputValue[]>) {
        const values = row.map(toJson);
        characters += JSON.stringify(values).length;
        if (rows.length === maxRows || characters > RESULT_CHARACTERS) return { columns, rows, truncated: true };
        rows.push(values);
      }
      return { columns, rows, truncated: false };
    });
  }

  /** Runs one statement, whatever it changes in this database. @throws RefusedStatementError, or SQLite's own error */
  execute(sql: string, parameters: Parameters): Changes {
    return this.explainRefusal(() => {
      const statement = prepareOne(this.writer, sql);
      statement.setReadBigInts(true);
      const { changes, lastInsertRowid } = statement.run(...bound(parameters));
      return { changes: Number(changes), lastInsertRowid: toJson(lastInsertRowid) as number | string };
    });
  }

  close(): void {
    this.reader.close();
    this.writer.close();
  }

  /** SQLite only says that it was not authorised; why, the authorizer has noted. */
  private explainRefusal<T>(work: () => T): T {
    this.refused = undefined;
    try {
      return work();
    } catch (error) {
      if (this.refused !== undefined) throw new RefusedStatementError(this.refused, { cause: error });
      throw error;
    }
  }

  private authorize(refusal: string | undefined): number {
    if (refusal === undefined) return constants.SQLITE_OK;
    this.refused ??= refusal;
    return constants.SQLITE_DENY;
  }

  private refusalOfReader(action: number, first: string | null): string | undefined {
    const refusal = this.refusalOfAny(action, first);
    if (refusal !== undefined || READING.has(action) || action === constants.SQLITE_PRAGMA) return refusal;
    return 'This statement changes the database; "query" only reads. Use "execute" for changes';
  }

  private refusalOfAny(action: number, first: string | null): string | undefined {
    if (action === constants.SQLITE_PRAGMA && !READING_PRAGMAS.has((first ?? '').toLowerCase())) {
      return `PRAGMA ${first} is not allowed; allowed: ${[...READING_PRAGMAS].join(', ')}`;
    }
    const never = NEVER.get(action);
    return never === undefined ? undefined : `Not allowed here: ${never}`;
  }
}

/** Compiles the only statement of a text; node:sqlite would silently leave out a second one. */
function prepareOne(connection: DatabaseSync, sql: string): StatementSync {
  const statement = connection.prepare(sql);
  const rest = sql
    .slice(statement.sourceSQL.length)
    .replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, '')
    .replace(/[\s;]+/g, '');
  if (rest !== '') throw new RefusedStatementError('One statement at a time: there is more text after the first');
  return statement;
}

function bound(parameters: Parameters): SQLInputValue[] {
  const value = (item: SqlValue): SQLInputValue => (typeof item === 'boolean' ? Number(item) : item);
  if (Array.isArray(parameters)) return parameters.map(value);
  const named = Object.entries(parameters as Record<string, SqlValue>).map(([name, item]) => [name, value(item)]);
  // an object would also be taken as the first of the positional parameters' list
  return named.length === 0 ? [] : [Object.fromEntries(named) as SQLInputValue];
}

function toJson(value: SQLOutputValue): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString('base64') };
  return value;
}

import type * as z from 'zod';
import { SqlError, type SqlRunner } from './sql-runner.js';
import { MAX_ROWS, type describeOutput, type tablesOutput } from './tools.js';

const TABLES = `SELECT name, type FROM sqlite_schema
  WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`;

/** Tables and views, by name. */
export async function listTables(runner: SqlRunner): Promise<z.infer<typeof tablesOutput>> {
  const { rows } = await runner.run({ kind: 'query', sql: TABLES, parameters: [], maxRows: MAX_ROWS });
  return { tables: rows.map(([name, type]) => ({ name: String(name), type: String(type) })) };
}

/** Columns, indexes and foreign keys of a table. @throws SqlError naming the tables there are, when there is none of that name */
export async function describeTable(runner: SqlRunner, table: string): Promise<z.infer<typeof describeOutput>> {
  const ask = async (sql: string) =>
    (await runner.run({ kind: 'query', sql, parameters: [table], maxRows: MAX_ROWS })).rows;
  const [schema] = await ask(
    `SELECT name, sql FROM sqlite_schema WHERE type IN ('table', 'view') AND name = ? COLLATE NOCASE`,
  );
  if (schema === undefined) {
    const { tables } = await listTables(runner);
    throw new SqlError(`No table "${table}"; there are: ${tables.map(({ name }) => name).join(', ') || 'none'}`);
  }
  const columns = await ask('SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_xinfo(?)');
  const indexes = await ask('SELECT name, "unique" FROM pragma_index_list(?)');
  const foreignKeys = await ask('SELECT "from", "table", "to" FROM pragma_foreign_key_list(?)');
  return {
    table: String(schema[0]),
    sql: String(schema[1]),
    columns: columns.map(([name, type, notNull, fallback, pk]) => ({
      name: String(name),
      type: String(type),
      notNull: notNull === 1,
      default: fallback,
      primaryKey: pk !== 0,
    })),
    indexes: indexes.map(([name, unique]) => ({ name: String(name), unique: unique === 1 })),
    foreignKeys: foreignKeys.map(([column, target, references]) => ({
      column: String(column),
      table: String(target),
      references: references === null ? null : String(references),
    })),
  };
}

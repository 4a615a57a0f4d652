import * as z from 'zod';

export const MAX_ROWS = 1000;
const sqlText = z.string().min(1).max(100_000);
const sqlValue = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const parameters = z
  .union([z.array(sqlValue).max(1000), z.record(z.string(), sqlValue)])
  .default([])
  .describe('Values for ?, ?1 (a list) or :name, @name, $name (an object without the sign)');

export const queryInput = z.object({
  sql: sqlText.describe('One statement that only reads'),
  parameters,
  maxRows: z.number().int().min(1).max(MAX_ROWS).default(100),
});
export const queryOutput = z.object({
  columns: z.array(z.string()),
  rows: z.array(z.array(z.unknown())),
  truncated: z.boolean(),
});
export const executeInput = z.object({
  sql: sqlText.describe('One statement, such as INSERT, UPDATE, DELETE or CREATE TABLE'),
  parameters,
});
export const executeOutput = z.object({
  changes: z.number().int(),
  lastInsertRowid: z.union([z.number(), z.string()]),
});

export const tablesOutput = z.object({ tables: z.array(z.object({ name: z.string(), type: z.string() })) });
export const describeInput = z.object({ table: z.string().min(1).max(200).describe('Name of a table or view') });
export const describeOutput = z.object({
  table: z.string(),
  sql: z.string(),
  columns: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      notNull: z.boolean(),
      default: z.unknown(),
      primaryKey: z.boolean(),
    }),
  ),
  indexes: z.array(z.object({ name: z.string(), unique: z.boolean() })),
  foreignKeys: z.array(z.object({ column: z.string(), table: z.string(), references: z.string().nullable() })),
});

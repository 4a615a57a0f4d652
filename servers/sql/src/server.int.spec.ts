import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'signalbox-sql-'));
const file = join(folder, 'made', 'sample.db');
const client = new Client({ name: 'spec', version: '1' });
const transport = new StdioClientTransport({
  command: process.execPath,
  args: [fileURLToPath(new URL('../dist/main.js', import.meta.url)), file, '--timeout-ms', '700'],
});
beforeAll(() => client.connect(transport));
afterAll(async () => {
  await client.close();
  rmSync(folder, { recursive: true, force: true });
});

async function call(
  name: string,
  args: object = {},
): Promise<{ value: Record<string, unknown>; error: string | undefined }> {
  const result = await client.callTool({ name, arguments: { ...args } });
  const text = (result.content as { text: string }[])[0]?.text;
  return {
    value: (result.structuredContent ?? {}) as Record<string, unknown>,
    error: result.isError ? text : undefined,
  };
}
const query = (sql: string, rest: object = {}) => call('query', { sql, ...rest });
const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';

describe('the SQL server', () => {
  it('marks what reads and what changes', async () => {
    const { tools } = await client.listTools();
    expect(
      tools.map(({ name, annotations }) => [name, annotations?.readOnlyHint, annotations?.destructiveHint]),
    ).toEqual([
      ['query', true, undefined],
      ['execute', false, true],
      ['list_tables', true, undefined],
      ['describe_table', true, undefined],
    ]);
  });

  it('creates the file with a sample on first use', async () => {
    expect(
      (await query('SELECT name, levers FROM signal_boxes WHERE line = ? ORDER BY name', { parameters: ['Coast'] }))
        .value,
    ).toEqual({
      columns: ['name', 'levers'],
      rows: [
        ['Harbour', 22],
        ['North Junction', 48],
      ],
      truncated: false,
    });
    expect(existsSync(file)).toBe(true);
  });

  it('lists and describes tables', async () => {
    expect((await call('list_tables')).value).toEqual({ tables: [{ name: 'signal_boxes', type: 'table' }] });
    const { value } = await call('describe_table', { table: 'SIGNAL_BOXES' });
    expect(value).toMatchObject({ table: 'signal_boxes', sql: expect.stringContaining('CHECK (levers > 0)') });
    expect((value.columns as object[])[1]).toEqual({
      name: 'name',
      type: 'TEXT',
      notNull: true,
      default: null,
      primaryKey: false,
    });
    expect((await call('describe_table', { table: 'x"; DROP TABLE signal_boxes' })).error).toContain(
      'there are: signal_boxes',
    );
  });

  it('binds named parameters, and takes values as values', async () => {
    const { value } = await query('SELECT :text AS t, @yes AS y, $none AS n', {
      parameters: { text: "'; --", yes: true, none: null },
    });
    expect(value.rows).toEqual([["'; --", 1, null]]);
  });

  it('keeps every value exact', async () => {
    const { value } = await query(
      "SELECT 9007199254740993, 1.5, x'00ff', json_extract('{\"a\":2}', '$.a') FROM json_each('[1]')",
    );
    expect(value.rows).toEqual([['9007199254740993', 1.5, { base64: 'AP8=' }, 2]]);
  });

  it('limits the rows and says so', async () => {
    const { value } = await query('SELECT id FROM signal_boxes ORDER BY id', { maxRows: 2 });
    expect(value).toMatchObject({ rows: [[1], [2]], truncated: true });
  });

  it('executes changes, each a transaction of its own', async () => {
    const insert = "INSERT INTO signal_boxes (name, line, levers) VALUES ('Quarry', 'Valley', ?)";
    expect((await call('execute', { sql: insert, parameters: [7] })).value).toEqual({ changes: 1, lastInsertRowid: 6 });
    expect((await call('execute', { sql: insert, parameters: [7] })).error).toContain('UNIQUE constraint failed');
    expect((await query("SELECT levers FROM signal_boxes WHERE name = 'Quarry'")).value.rows).toEqual([[7]]);
  });

  it.each([
    "INSERT INTO signal_boxes (name, line, levers) VALUES ('a', 'b', 1)",
    'DELETE FROM signal_boxes',
    'DROP TABLE signal_boxes',
    'CREATE TEMP TABLE t (x)',
    'WITH x AS (SELECT 1) UPDATE signal_boxes SET levers = 1 RETURNING *',
    'PRAGMA user_version = 5',
    'PRAGMA journal_mode = DELETE',
    "ATTACH 'other.db' AS other",
    "VACUUM INTO 'copy.db'",
    'BEGIN',
    'SELECT 1; DELETE FROM signal_boxes',
    'REINDEX',
    'ANALYZE',
  ])('does not run as a query: %s', async (sql) => {
    const before = readFileSync(file);
    expect((await query(sql)).error).toMatch(/only reads|not allowed|Not allowed|One statement|readonly/);
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(folder)).toEqual(['made']);
  });

  it.each([
    "ATTACH 'other.db' AS o",
    "VACUUM INTO 'copy.db'",
    'BEGIN',
    'PRAGMA writable_schema = 1',
    'SELECT 1; SELECT 2',
    "SELECT load_extension('x')",
  ])('does not execute: %s', async (sql) => {
    expect((await call('execute', { sql })).error).toMatch(/not allowed|Not allowed|One statement|not authorized/);
  });

  it('takes a trailing semicolon and comment as the end of one statement', async () => {
    expect((await query('SELECT 1; -- done; really\n /* yes */ ;')).value.rows).toEqual([[1]]);
  });

  it('ends a statement at its time limit and answers the next', async () => {
    const [endless, next] = await Promise.all([query(ENDLESS), query('SELECT 2')]);
    expect(endless.error).toBe('The statement took longer than 700 ms and was undone');
    expect(next.value.rows).toEqual([[2]]);
  });

  it('is gone only when the process that runs its statements is', async () => {
    const own = new Client({ name: 'spec', version: '1' });
    const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
    const ownTransport = new StdioClientTransport({ command: process.execPath, args: [main, file] });
    await own.connect(ownTransport);
    await own.callTool({ name: 'list_tables', arguments: {} });
    const server = ownTransport.pid!;
    const child = readFileSync(`/proc/${server}/task/${server}/children`, 'utf8').trim();
    expect(existsSync(`/proc/${child}`)).toBe(true);
    await own.close();
    expect([server, child].filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
  });

  it('leaves no process behind when it is killed in the middle of a statement', async () => {
    const server = transport.pid!;
    void query(ENDLESS).catch(() => undefined);
    const children = () =>
      readFileSync(`/proc/${server}/task/${server}/children`, 'utf8').trim().split(' ').map(Number);
    const [child] = await vi.waitUntil(() => children().filter(Boolean)[0] !== undefined && children(), {
      timeout: 5000,
    });
    process.kill(server, 'SIGKILL');
    await vi.waitUntil(
      () => !existsSync(`/proc/${child}`) || readFileSync(`/proc/${child}/stat`, 'utf8').includes(') Z '),
      {
        timeout: 5000,
      },
    );
  });
});

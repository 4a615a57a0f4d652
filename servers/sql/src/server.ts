import { McpServer, type CallToolResult } from '@modelcontextprotocol/server';
import { describeTable, listTables } from './describe-table.js';
import { SqlError, type SqlRunner } from './sql-runner.js';
import {
  describeInput,
  describeOutput,
  executeInput,
  executeOutput,
  queryInput,
  queryOutput,
  tablesOutput,
} from './tools.js';

const READ = { readOnlyHint: true, idempotentHint: true, openWorldHint: false };
const CHANGE = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false };

/** SQL over one SQLite database, with reading and changing as separate tools. */
export function createServer(runner: SqlRunner): McpServer {
  const server = new McpServer(
    { name: 'signalbox-sql', version: '0.1.0' },
    {
      instructions:
        'SQL over one SQLite database. Look at list_tables and describe_table first. Pass values as parameters.',
    },
  );
  server.registerTool(
    'query',
    {
      title: 'Query',
      description: 'Runs one reading SQL statement.',
      inputSchema: queryInput,
      outputSchema: queryOutput,
      annotations: READ,
    },
    (input) => answer(() => runner.run({ kind: 'query', ...input })),
  );
  server.registerTool(
    'execute',
    {
      title: 'Execute',
      description: 'Runs one SQL statement that changes the database, as a transaction of its own.',
      inputSchema: executeInput,
      outputSchema: executeOutput,
      annotations: CHANGE,
    },
    (input) => answer(() => runner.run({ kind: 'execute', ...input, maxRows: 0 })),
  );
  server.registerTool(
    'list_tables',
    { title: 'List tables', description: 'Names all tables and views.', outputSchema: tablesOutput, annotations: READ },
    () => answer(() => listTables(runner)),
  );
  server.registerTool(
    'describe_table',
    {
      title: 'Describe a table',
      description: 'Columns, indexes and foreign keys of a table or view.',
      inputSchema: describeInput,
      outputSchema: describeOutput,
      annotations: READ,
    },
    ({ table }) => answer(() => describeTable(runner, table)),
  );
  return server;
}

async function answer(work: () => Promise<object>): Promise<CallToolResult> {
  try {
    const result = await work();
    return { content: [{ type: 'text', text: JSON.stringify(result) }], structuredContent: { ...result } };
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    return { isError: true, content: [{ type: 'text', text: error.message }] };
  }
}

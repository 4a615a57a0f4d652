#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { createServer } from './server.js';
import { SqlRunner } from './sql-runner.js';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { 'timeout-ms': { type: 'string', default: '5000' } },
});
const [file] = positionals;
const timeoutMs = Number(values['timeout-ms']);
if (file === undefined || !Number.isInteger(timeoutMs) || timeoutMs < 1) {
  console.error('Usage: signalbox-server-sql FILE [--timeout-ms MILLISECONDS]');
  process.exit(2);
}
const runner = new SqlRunner(file, timeoutMs);
// whoever waits for this process to end may rely on there being no other left
const end = (): void => void runner.close().then(() => process.exit());
process.on('exit', () => void runner.close());
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end);
process.stdin.on('end', end);
serveStdio(() => createServer(runner), { onerror: (error) => console.error(error) });

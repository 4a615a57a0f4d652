// Runs MCP clients of five languages through the gateway of a Signalbox that it starts, and prints a table. See README.md.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { runSignalbox, toolsOf } from '@signalbox/testing';
import { packagedServer } from '@signalbox/testing/mcp-servers';
import { clients } from './clients.mjs';
import { faultsIn } from './faults.mjs';

const INSTALLED_WITHIN_MS = 30 * 60_000;
const RUN_WITHIN_MS = 2 * 60_000;

const { values, positionals } = parseArgs({ options: { folder: { type: 'string' } }, allowPositionals: true });
const unknown = positionals.filter((name) => !clients.some(({ folder }) => folder === name));
if (unknown.length > 0) {
  console.error(`no such client: ${unknown.join(', ')}. There are: ${clients.map(({ folder }) => folder).join(', ')}`);
  process.exit(2);
}
const chosen = clients.filter(({ folder }) => positionals.length === 0 || positionals.includes(folder));

const home = values.folder ?? mkdtempSync(join(tmpdir(), 'signalbox-clients-'));
const execute = ([command, ...args], cwd, timeout) =>
  promisify(execFile)(command, args, { cwd, timeout, maxBuffer: 16 * 1024 * 1024 });
const firstLines = (error) => `${error.stderr || error.message}`.trim().split('\n').slice(0, 8).join('\n');

async function install(client) {
  const source = join(import.meta.dirname, client.folder);
  const folder = join(home, client.folder);
  mkdirSync(folder, { recursive: true });
  cpSync(source, folder, { recursive: true });
  for (const step of client.install(folder)) await execute(step, folder, INSTALLED_WITHIN_MS);
  return folder;
}

/** @returns what did not go as it should; empty when all did */
async function faultsOf(client, folder, url, revision) {
  const { stdout } = await execute(client.run(folder, url, revision), folder, RUN_WITHIN_MS);
  return faultsIn(JSON.parse(stdout.trim().split('\n').at(-1)), revision);
}

const { command, args } = packagedServer('server-everything');
const signalbox = await runSignalbox({ config: { mcpServers: { everything: { command, args } } } });
const rows = [];
try {
  await toolsOf(signalbox, 'everything');
  for (const client of chosen) {
    const [, version] = client.version.exec(
      readFileSync(join(import.meta.dirname, client.folder, client.manifest), 'utf8'),
    );
    console.error(`${client.folder}: installing ${client.library} ${version}`);
    const installed = await install(client).catch((error) => error);
    for (const revision of client.revisions) {
      const faults =
        installed instanceof Error
          ? [`not installed: ${firstLines(installed)}`]
          : await faultsOf(client, installed, signalbox.mcp, revision).catch((error) => [firstLines(error)]);
      for (const fault of faults) console.error(`${client.folder}, ${revision}: ${fault}`);
      rows.push([client.language, client.library, version, revision, faults.length === 0 ? 'passed' : 'FAILED']);
    }
  }
} finally {
  await signalbox[Symbol.asyncDispose]();
  if (values.folder === undefined) rmSync(home, { recursive: true, force: true });
}
for (const row of [['language', 'library', 'version', 'revision', 'result'], Array(5).fill('---'), ...rows]) {
  console.log(`| ${row.join(' | ')} |`);
}
process.exitCode = rows.every((row) => row.at(-1) === 'passed') ? 0 : 1;

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { StdioTarget } from '@signalbox/contracts';
import { freePort } from './free-port.js';
import { waitFor } from './wait-for.js';

/** Real MCP servers to test against: two of the official packages, and the conformance fixture. */
const require = createRequire(import.meta.url);

export function nodeTarget(
  script: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): StdioTarget {
  return { kind: 'stdio', command: process.execPath, args: [script, ...args], env };
}

/** A server of the `@modelcontextprotocol` packages, over stdio. */
export function packagedServer(
  name: 'server-everything' | 'server-filesystem',
  args: readonly string[] = [],
): StdioTarget {
  const folder = require.resolve
    .paths(name)!
    .map((path) => join(path, '@modelcontextprotocol', name))
    .find((path) => existsSync(path));
  if (!folder) throw new Error(`@modelcontextprotocol/${name} is not installed`);
  return nodeTarget(join(folder, 'dist', 'index.js'), args);
}

const FIXTURE = join(
  process.env['CONFORMANCE_HOME'] ?? join(homedir(), '.cache', 'signalbox-conformance'),
  'fixture',
  'server.mjs',
);

/**
 * Whether the conformance fixture is installed. Where it is not, says so aloud once; in CI it must be there.
 * For `describe.skipIf(!hasConformanceFixture())`.
 */
export function hasConformanceFixture(): boolean {
  if (existsSync(FIXTURE)) return true;
  const message = `the conformance fixture is not at ${FIXTURE}: run "shared/conformance/conformance setup"`;
  if (process.env['CI']) throw new Error(message);
  console.warn(`SKIPPED: ${message}`);
  return false;
}

/** What the fixture speaks; over stdio `modern` is `dual`. */
export type FixtureEra = 'legacy' | 'modern' | 'dual';

export function conformanceStdio(era: FixtureEra = 'legacy'): StdioTarget {
  return nodeTarget(FIXTURE, ['--stdio', '--era', era]);
}

export interface ServerUnderTest {
  /** Of its MCP endpoint. */
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts the conformance fixture over HTTP. @param port default: a free one */
export async function startConformanceFixture(port?: number, era: FixtureEra = 'legacy'): Promise<ServerUnderTest> {
  const at = port ?? (await freePort());
  const child = spawn(process.execPath, [FIXTURE, '--port', String(at), '--era', era], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${at}/mcp`;
  await untilAnswering(url, child);
  return { url, port: at, stop: () => kill(child) };
}

async function untilAnswering(url: string, child: ChildProcess): Promise<void> {
  const answered = async () => child.exitCode !== null || (await fetch(url, { method: 'DELETE' }));
  try {
    await waitFor(answered, { timeoutMs: 30_000, intervalMs: 25, what: `an answer from ${url}` });
  } catch (error) {
    await kill(child);
    throw error;
  }
  if (child.exitCode !== null) throw new Error(`the fixture exited with code ${child.exitCode}`);
}

function kill(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

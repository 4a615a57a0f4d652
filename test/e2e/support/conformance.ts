import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

/** The conformance suite, in a folder beside this repository's. */
const TOOL = resolve(process.env.SIGNALBOX_CONFORMANCE ?? '../shared/conformance/conformance');

/** Runs one requirement set of the suite against a URL. @returns its verdict in one line, and all that it printed */
export async function runConformance(
  url: string,
  set: string,
  label: string,
): Promise<{ output: string; summary: string }> {
  const child = spawn(TOOL, ['run', '--url', url, '--label', label, '--sets', set], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await new Promise((done, failed) => child.once('close', done).once('error', failed));
  const summary = output.split('\n').find((line) => line.startsWith('## ')) ?? '';
  return { output, summary };
}

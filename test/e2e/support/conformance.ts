import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

/** The conformance suite, in a folder beside this repository's. */
const TOOL = resolve(process.env.SIGNALBOX_CONFORMANCE ?? '../shared/conformance/conformance');

export interface Verdict {
  /** All that the suite printed. */
  readonly output: string;
  /** Its score in one line. */
  readonly summary: string;
  /** The scenarios that count and did not pass cleanly. */
  readonly lost: readonly string[];
}

/** Runs one requirement set of the suite against a URL. */
export async function runConformance(url: string, set: string, label: string): Promise<Verdict> {
  const child = spawn(TOOL, ['run', '--url', url, '--label', label, '--sets', set], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await new Promise((done, failed) => child.once('close', done).once('error', failed));
  const summary = output.split('\n').find((line) => line.startsWith('## ')) ?? '';
  const lost = [...output.matchAll(/^(?:FAIL|WARN|SKIP) {3}(\S+) /gm)].map(([, scenario]) => scenario!);
  return { output, summary, lost };
}

/** Runs one scenario of the suite. @returns its checks, as the suite counts them */
export async function runScenario(url: string, scenario: string): Promise<{ checks: string; output: string }> {
  const child = spawn(TOOL, ['cli', '020', 'server', '--url', url, '--scenario', scenario], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await new Promise((done, failed) => child.once('close', done).once('error', failed));
  return { checks: /^Passed: .*$/m.exec(output)?.[0] ?? 'no verdict', output };
}

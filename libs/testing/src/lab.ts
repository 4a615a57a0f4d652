import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Where the lab is unless LAB says otherwise: beside the repository. */
const BESIDE = join(import.meta.dirname, '../../../../shared/lab/lab');

/** Runs a command of the lab (`restart rabbitmq`), which controls the real servers of this machine. */
export type Lab = (...args: string[]) => Promise<string>;

/**
 * The lab, for tests that restart a real server: LAB names its program.
 * @returns undefined when there is none, and says so
 * @throws Error in CI, where every suite has to run
 */
export function requireLab(): Lab | undefined {
  const program = process.env['LAB'] ?? BESIDE;
  if (existsSync(program)) return async (...args) => (await promisify(execFile)(program, args)).stdout;
  if (process.env['CI']) throw new Error(`LAB is not set and ${program} does not exist: in CI every suite has to run`);
  console.warn('LAB is not set: suites that restart a real server are skipped');
  return undefined;
}

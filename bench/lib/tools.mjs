import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where the load generator and the upstream come from: two Go programs, so that neither is the bottleneck. */
const SOURCE = resolve(process.env.SIGNALBOX_BENCH_TOOLS ?? '../shared/bench');
const CACHE = join(homedir(), '.cache', 'signalbox-bench');

/** Builds a tool once and returns its path. @param {'loadgen' | 'upstream'} name */
export function tool(name) {
  const binary = join(CACHE, name, name);
  if (existsSync(binary)) return binary;
  if (!existsSync(join(SOURCE, name)))
    throw new Error(
      `no ${name} under ${SOURCE}: set SIGNALBOX_BENCH_TOOLS to the folder that has loadgen/ and upstream/`,
    );
  mkdirSync(CACHE, { recursive: true });
  cpSync(join(SOURCE, name), join(CACHE, name), { recursive: true });
  execFileSync('go', ['build', '-o', binary, '.'], {
    cwd: join(CACHE, name),
    env: { ...process.env, CGO_ENABLED: '0' },
    stdio: 'inherit',
  });
  return binary;
}

import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { execFile } from 'node:child_process';

const run = promisify(execFile);
const TICKS_PER_SECOND = 100;

/** CPU time that a process has used, its threads included, and where asked for its ended children, in µs. Linux only. */
export function cpuMicros(pid, { children = false } = {}) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, children ? 15 : 13).reduce((sum, field) => sum + Number(field), 0);
  return (ticks * 1e6) / TICKS_PER_SECOND;
}

/**
 * CPU time of all processes whose command lines contain a text, their ended children included, in µs. Linux only.
 * @param {Record<string, string>} programs name → text
 */
export function cpuOfPrograms(programs) {
  const used = Object.fromEntries(Object.keys(programs).map((name) => [name, 0]));
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0];
      for (const [name, text] of Object.entries(programs)) {
        if (command.includes(text)) used[name] += cpuMicros(pid, { children: true });
      }
    } catch {
      // it has ended meanwhile
    }
  }
  return used;
}

/** Resident memory of a process in MiB. */
export function memoryMiB(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

/** Starts a program that runs until `stop`; waits until `ready` resolves true. */
export async function start(command, args, { env, cwd, ready, seconds = 30 } = {}) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  // also when a measurement fails
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  const deadline = Date.now() + seconds * 1000;
  while (!(await ready().catch(() => false))) {
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`${command} ${args.join(' ')} did not become ready`);
    await sleep(50);
  }
  return {
    pid: child.pid,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** One run of the load generator; its JSON line. */
export async function load(loadgen, args) {
  const { stdout } = await run(loadgen, args, { maxBuffer: 1 << 24 });
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readable, Writable } from 'node:stream';
import type { StdioTarget } from '@signalbox/contracts';
import { hasLivingMember } from './group-members.js';

/** Names that a server gets from its surroundings: what sudo keeps, plus what Windows programs do not start without. */
const INHERITED = [
  'HOME',
  'LANG',
  'LC_ALL',
  'LOGNAME',
  'PATH',
  'SHELL',
  'TERM',
  'TMPDIR',
  'TZ',
  'USER',
  'APPDATA',
  'HOMEDRIVE',
  'HOMEPATH',
  'LOCALAPPDATA',
  'PATHEXT',
  'PROGRAMFILES',
  'SYSTEMDRIVE',
  'SYSTEMROOT',
  'TEMP',
  'USERNAME',
  'USERPROFILE',
];

const POLL_MS = 20;
const running = new Set<ProcessGroup>();

/** A child process with all of its descendants that stay in its process group. */
export class ProcessGroup {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Resolves with how it ended: `exited with code 1`, `was killed by SIGKILL`, `could not be started: …`. */
  readonly ended: Promise<string>;
  #alive = true;

  constructor(target: StdioTarget, surroundings: Readonly<Record<string, string | undefined>>) {
    this.child = spawn(target.command, [...target.args], {
      cwd: target.cwd,
      env: { ...inherited(surroundings), ...target.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => {
        if (this.child.pid === undefined) this.#end(resolve, `could not be started: ${whyNot(error, target)}`);
      });
      this.child.once('exit', (code, signal) => {
        this.#end(resolve, signal === null ? `exited with code ${code}` : `was killed by ${signal}`);
      });
    });
    if (this.child.pid === undefined) return;
    if (running.size === 0) process.on('exit', killAll);
    running.add(this);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Ends the whole group: end of input, then SIGTERM, then SIGKILL, each with its time. Resolves when nobody of it is left. */
  async end(graceMs: number): Promise<void> {
    if (this.child.pid === undefined) return;
    this.child.stdin.end();
    const patience = new AbortController();
    await Promise.race([this.ended, sleep(graceMs, undefined, { signal: patience.signal }).catch(() => undefined)]);
    patience.abort();
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      if (!this.signal(signal)) break;
      if (await this.#gone(graceMs)) break;
    }
    if (this.#alive) await this.ended;
    running.delete(this);
    if (running.size === 0) process.off('exit', killAll);
  }

  /** False when nobody of the group is there. */
  signal(signal: NodeJS.Signals | 0): boolean {
    const { pid } = this.child;
    if (pid === undefined) return false;
    if (process.platform === 'win32') return this.#alive && this.child.kill(signal);
    try {
      return process.kill(-pid, signal);
    } catch (error) {
      // EPERM: it is there but belongs to somebody else, so there is nothing we can do
      if ((error as NodeJS.ErrnoException).code === 'ESRCH' || (error as NodeJS.ErrnoException).code === 'EPERM')
        return false;
      throw error;
    }
  }

  async #gone(withinMs: number): Promise<boolean> {
    for (const until = Date.now() + withinMs; ; await sleep(POLL_MS)) {
      if (!this.signal(0)) return true;
      if (!this.#alive && !(await hasLivingMember(this.child.pid!))) return true;
      if (Date.now() >= until) return false;
    }
  }

  #end(resolve: (how: string) => void, how: string): void {
    this.#alive = false;
    resolve(how);
  }
}

/** Node names the command also when it is the working folder that is missing. */
function whyNot(error: Error & { code?: string }, { cwd }: StdioTarget): string {
  return error.code === 'ENOENT' && cwd !== undefined && !existsSync(cwd) ? `there is no folder ${cwd}` : error.message;
}

function inherited(surroundings: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of INHERITED) {
    const value = surroundings[name];
    // a value that begins like this is a shell function, not data
    if (value !== undefined && !value.startsWith('()')) env[name] = value;
  }
  return env;
}

function killAll(): void {
  for (const group of running) group.signal('SIGKILL');
}

import { freePort } from '@signalbox/testing';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SCRIPT = join(import.meta.dirname, 'instance-server.mjs');

/** One HTTP server of several, each a process of its own that can be killed, suspended and started again. */
export class TestInstance {
  #child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly file: string,
    private readonly kind: string,
  ) {}

  static async start(file: string, kind: string): Promise<TestInstance> {
    // a port that was free may be taken by another test before this one listens on it
    for (let tries = 0; ; tries++) {
      const instance = new TestInstance(await freePort(), file, kind);
      try {
        await instance.start();
        return instance;
      } catch (error) {
        if (tries >= 5) throw error;
      }
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/mcp`;
  }

  /** Resolves when it listens. */
  start(): Promise<void> {
    const child = spawn(process.execPath, [SCRIPT, String(this.port), this.file, this.kind], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = child;
    return new Promise((resolve, reject) => {
      child.stdout!.once('data', () => resolve());
      child.once('exit', (code) => reject(new Error(`instance on ${this.port} ended with ${code}`)));
    });
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child!.kill(signal);
  }

  kill(): Promise<void> {
    const child = this.#child!;
    return new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
  }
}

export interface Instances extends AsyncDisposable {
  readonly all: readonly TestInstance[];
  readonly urls: readonly string[];
  /** Every run of a tool, in order: the port of the instance, and the `id` that it was called with. */
  runs(): { readonly port: number; readonly id: string }[];
}

/** What they speak: with sessions or without, modern, or over the transport of 2024-11-05. */
export type InstanceKind = 'sessions' | 'stateless' | 'modern' | 'sse';

export async function startInstances(count: number, kind: InstanceKind = 'stateless'): Promise<Instances> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-instances-'));
  const file = join(folder, 'runs');
  const all: TestInstance[] = [];
  for (let n = 0; n < count; n++) all.push(await TestInstance.start(file, kind));
  return {
    all,
    urls: all.map(({ url }) => url),
    runs() {
      if (!existsSync(file)) return [];
      const lines = readFileSync(file, 'utf8').trim().split('\n');
      return lines.map((line) => ({ port: Number(line.split(' ')[0]), id: line.split(' ')[1]! }));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((instance) => instance.kill()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

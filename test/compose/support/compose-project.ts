import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, waitFor } from '@signalbox/testing';

const ROOT = join(import.meta.dirname, '../../..');
const MiB = 1024 * 1024;
const run = promisify(execFile);

/** Ports that docker-compose.yml publishes, by the variable that moves each. */
const PORTS = [
  'GATEWAY_PORT',
  'REGISTRY_PORT',
  'EXECUTOR_PORT',
  'RESOURCES_PORT',
  'MONITOR_PORT',
  'JAEGER_PORT',
] as const;

/**
 * Whether there is a Docker engine with Compose v2.
 * @returns false when there is none, and says so
 * @throws Error in CI, where every suite has to run
 */
export async function hasDocker(): Promise<boolean> {
  try {
    await run('docker', ['version'], { timeout: 20_000 });
    await run('docker', ['compose', 'version'], { timeout: 20_000 });
    return true;
  } catch (cause) {
    const message = `no Docker engine with Compose v2: ${(cause as Error).message}`;
    if (process.env['CI']) throw new Error(`${message}: in CI every suite has to run`, { cause });
    console.warn(`${message}: the suites that start docker-compose.yml are skipped`);
    return false;
  }
}

/** docker-compose.yml as a user starts it, under a name and on ports of its own; goes with its volumes. */
export class ComposeProject implements AsyncDisposable {
  readonly token = randomBytes(32).toString('hex');
  readonly #name = `signalbox-test-${randomBytes(4).toString('hex')}`;

  private constructor(
    private readonly ports: Readonly<Record<string, string>>,
    private readonly files: readonly string[],
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  /** @param files compose files, the first one and then its overlays */
  static async create(
    files: readonly string[] = ['docker-compose.yml'],
    env: Readonly<Record<string, string>> = {},
  ): Promise<ComposeProject> {
    const taken: Record<string, string> = {};
    for (const name of PORTS) taken[name] = String(await freePort());
    return new ComposeProject(taken, files, env);
  }

  url(port: (typeof PORTS)[number]): string {
    return `http://127.0.0.1:${this.ports[port]}`;
  }

  /** Builds the image. */
  async build(timeoutMs: number): Promise<void> {
    await this.compose(['build', 'gateway'], timeoutMs);
  }

  /** Starts everything and waits until all that have a health check are healthy. @throws Error with the logs when they are not */
  async up(scale: Readonly<Record<string, number>>, timeoutMs: number): Promise<void> {
    const scales = Object.entries(scale).flatMap(([service, count]) => ['--scale', `${service}=${count}`]);
    try {
      await this.compose(['up', '--detach', '--wait', '--no-build', ...scales], timeoutMs);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${await this.logs()}`, { cause: error });
    }
  }

  /** Ids of a service's containers, also of those that do not run. */
  async containers(service: string): Promise<string[]> {
    const ids = await this.compose(['ps', '--all', '--quiet', service], 30_000);
    return ids.split('\n').filter((id) => id !== '');
  }

  /** What `docker kill` does to one container of a service. @returns how to start it again */
  async kill(service: string): Promise<() => Promise<void>> {
    const [id] = await this.containers(service);
    if (id === undefined) throw new Error(`there is no container of ${service}`);
    await docker(['kill', id], 30_000);
    const isRunning = () => docker(['inspect', '--format', '{{.State.Running}}', id], 30_000);
    await waitFor(async () => (await isRunning()).trim() === 'false', { timeoutMs: 30_000, what: `end of ${service}` });
    return async () => void (await docker(['start', id], 60_000));
  }

  /** The newest lines of all containers, or of one service's. */
  logs(...services: readonly string[]): Promise<string> {
    return this.compose(['logs', '--no-color', '--tail', '60', ...services], 60_000).catch(String);
  }

  /** Runs a program in a container of a service. @returns what it printed */
  exec(service: string, ...command: readonly string[]): Promise<string> {
    return this.compose(['exec', '-T', service, ...command], 60_000);
  }

  /** Runs the command signalbox beside the services. @returns what it printed */
  signalbox(...args: readonly string[]): Promise<string> {
    return this.compose(['run', '--rm', '--no-deps', '-T', 'cli', ...args], 120_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.compose(['down', '--volumes', '--timeout', '20'], 120_000);
  }

  private async compose(args: readonly string[], timeoutMs: number): Promise<string> {
    const files = this.files.flatMap((file) => ['--file', file]);
    return docker(['compose', '--project-name', this.#name, ...files, '--progress', 'plain', ...args], timeoutMs, {
      ...this.ports,
      ...this.env,
      SIGNALBOX_TOKEN: this.token,
      SIGNALBOX_IMAGE: 'signalbox:test',
    });
  }
}

/** @throws Error with all that was printed */
async function docker(args: readonly string[], timeoutMs: number, env: object = {}): Promise<string> {
  try {
    const options = { cwd: ROOT, timeout: timeoutMs, maxBuffer: 64 * MiB, env: { ...process.env, ...env } };
    return (await run('docker', args, options)).stdout;
  } catch (error) {
    const { stdout, stderr, killed } = error as { stdout?: string; stderr?: string; killed?: boolean };
    const why = killed ? `took longer than ${timeoutMs} ms` : 'failed';
    throw new Error(
      `docker ${args.join(' ')} ${why}\n${(stdout ?? '').slice(-4_000)}\n${(stderr ?? '').slice(-4_000)}`,
      {
        cause: error,
      },
    );
  }
}

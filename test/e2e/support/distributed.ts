import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { newId, PORT_OFFSETS, type ServiceName } from '@signalbox/contracts';
import { freePortBase, waitFor } from '@signalbox/testing';
import { MongoClient } from 'mongodb';

const READY_WITHIN_MS = 60_000;

export interface Servers {
  readonly amqp: string;
  readonly mongo: string;
  readonly consul: string;
  readonly otlp?: string | undefined;
}

/** One service in a process of its own, as a container runs it. */
export interface ServiceProcess {
  readonly service: ServiceName;
  readonly url: string;
  /** What it has printed so far. */
  output(): string;
  signal(signal: NodeJS.Signals): void;
  /** @returns the exit code, or null when the signal ended it */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  readonly ended: Promise<number | null>;
}

/** An installation of its own on shared servers: a database and a virtual host that go with it. */
export class Installation implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'signalbox-distributed-'));
  readonly #processes = new Set<ServiceProcess>();

  private constructor(
    private readonly env: Record<string, string>,
    /** With the installation's own database. */
    readonly mongoUrl: string,
    private readonly cleanUp: () => Promise<void>,
    config: object,
  ) {
    writeFileSync(join(this.#folder, 'signalbox.json'), JSON.stringify(config));
  }

  static async create(servers: Servers, config: object): Promise<Installation> {
    const name = `e2e-${newId().toLowerCase()}`;
    const amqp = await virtualHost(servers.amqp, name);
    const mongo = new URL(servers.mongo);
    mongo.pathname = `/${name}`;
    const env = {
      SIGNALBOX_PROFILE: 'distributed',
      AMQP_URL: amqp.url,
      MONGODB_URL: mongo.href,
      CONSUL_URL: servers.consul,
      ...(servers.otlp !== undefined && { OTEL_EXPORTER_OTLP_ENDPOINT: servers.otlp }),
    };
    const cleanUp = async (): Promise<void> => {
      await amqp.remove();
      const client = await MongoClient.connect(mongo.href, { serverSelectionTimeoutMS: 2_000 });
      await client.db(name).dropDatabase();
      await client.close();
    };
    return new Installation(env, mongo.href, cleanUp, config);
  }

  /** Starts a service and waits until it is ready. @throws Error with all that was printed when it ends instead */
  async start(service: ServiceName, extra: Record<string, string> = {}): Promise<ServiceProcess> {
    const port = await freePortBase(1);
    const child = spawn(
      process.execPath,
      [resolve(`apps/${service}/dist/main.js`), '--config', join(this.#folder, 'signalbox.json')],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: process.env.PATH,
          HOME: process.env.HOME,
          SIGNALBOX_DATA: join(this.#folder, 'data'),
          SIGNALBOX_PORT_BASE: String(port - PORT_OFFSETS[service]),
          ...this.env,
          ...extra,
        },
      },
    );
    const started = running(service, `http://127.0.0.1:${port}`, child);
    this.#processes.add(started);
    // what it says of itself at its start comes last
    const isUp = () => started.output().includes(`${service} is up`);
    const ready = async () => hasEnded(child) || ((await fetch(`${started.url}/health/ready`)).ok && isUp());
    await waitFor(ready, { timeoutMs: READY_WITHIN_MS, intervalMs: 50, what: `${service} to be ready` }).catch(
      (error) => {
        throw new Error(`${(error as Error).message}\n${started.output()}`);
      },
    );
    if (hasEnded(child)) throw new Error(`${service} ended instead of starting:\n${started.output()}`);
    return started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#processes].map((each) => each.stop()));
    await this.cleanUp();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

function running(service: ServiceName, url: string, child: ChildProcess): ServiceProcess {
  let output = '';
  child.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    service,
    url,
    output: () => output,
    ended,
    signal: (signal) => void child.kill(signal),
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      child.kill('SIGCONT');
      const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
      const code = await ended;
      clearTimeout(late);
      return code;
    },
  };
}

/** A virtual host of one's own where the broker's management API answers; the given one elsewhere. */
async function virtualHost(amqp: string, name: string): Promise<{ url: string; remove(): Promise<void> }> {
  const given = new URL(amqp);
  const api = `http://${given.hostname}:15672/api/vhosts/${name}`;
  const authorization = `Basic ${btoa(`${given.username || 'guest'}:${given.password || 'guest'}`)}`;
  const ask = (method: string) =>
    fetch(api, { method, headers: { authorization }, signal: AbortSignal.timeout(5_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  if (!(await ask('PUT'))) return { url: amqp, remove: async () => undefined };
  const own = new URL(amqp);
  own.pathname = `/${name}`;
  return { url: own.href, remove: async () => void (await ask('DELETE')) };
}

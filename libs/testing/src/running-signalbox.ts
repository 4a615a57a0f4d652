import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PORT_OFFSETS, SERVICE_NAMES, type ServiceName } from '@signalbox/contracts';
import { freePortBase } from './free-port.js';
import { waitFor } from './wait-for.js';

const MAIN = fileURLToPath(new URL('../../../apps/launcher/dist/main.js', import.meta.url));
const READY_WITHIN_MS = 60_000;
const STOPPED_WITHIN_MS = 20_000;

export interface SignalboxOptions {
  /** Content of the configuration file; the built-in default when absent. */
  readonly config?: object;
  /** Kept by the caller; a temporary folder that goes with the process when absent. */
  readonly dataDir?: string;
  readonly portBase?: number;
  /** Added to `PATH`, `HOME` and Signalbox's own variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The built product in a process of its own, as `npm start` runs it. Addresses have no slash at their end. */
export interface RunningSignalbox extends AsyncDisposable {
  readonly gateway: string;
  /** The gateway's MCP endpoint. */
  readonly mcp: string;
  readonly registry: string;
  readonly executor: string;
  readonly resources: string;
  readonly monitor: string;
  readonly pid: number;
  readonly portBase: number;
  readonly dataDir: string;
  url(service: ServiceName): string;
  /** What it has printed so far, errors included. */
  output(): string;
  /** Sends a signal, ctrl-C's when none is named, and waits for the end. @returns the exit code, or null when the signal ended it */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/**
 * Starts Signalbox and waits until all five services are ready; upstream servers may still be starting then.
 * @throws Error with all that was printed when it ends instead, or takes longer than a minute
 */
export async function runSignalbox(options: SignalboxOptions = {}): Promise<RunningSignalbox> {
  const portBase = options.portBase ?? (await freePortBase(SERVICE_NAMES.length));
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-run-'));
  const dataDir = options.dataDir ?? join(folder, 'data');
  const args = [MAIN];
  if (options.config !== undefined) {
    args.push('--config', join(folder, 'signalbox.json'));
    writeFileSync(join(folder, 'signalbox.json'), JSON.stringify(options.config));
  }
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    SIGNALBOX_DATA: dataDir,
    SIGNALBOX_PORT_BASE: String(portBase),
    ...options.env,
  };
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => {
    rmSync(folder, { recursive: true, force: true });
    return code as number | null;
  });
  const url = (service: ServiceName) => `http://127.0.0.1:${portBase + PORT_OFFSETS[service]}`;
  const stop = async (signal: NodeJS.Signals = 'SIGINT') => {
    child.kill(signal);
    return ended;
  };
  try {
    await Promise.all(SERVICE_NAMES.map((service) => untilReady(url(service), child)));
    await waitFor(() => output.includes('Ctrl-C ends everything') || hasEnded(child), { what: 'the banner' });
  } catch (error) {
    await stop('SIGKILL');
    throw new Error(`Signalbox did not start: ${(error as Error).message}\n${output}`, { cause: error });
  }
  return {
    gateway: url('gateway'),
    mcp: `${url('gateway')}/mcp`,
    registry: url('registry'),
    executor: url('tool-executor'),
    resources: url('resource-service'),
    monitor: url('monitor'),
    pid: child.pid!,
    portBase,
    dataDir,
    url,
    output: () => output,
    stop,
    [Symbol.asyncDispose]: async () => {
      const late = setTimeout(() => child.kill('SIGKILL'), STOPPED_WITHIN_MS);
      await stop();
      clearTimeout(late);
    },
  };
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

async function untilReady(address: string, child: ChildProcess): Promise<void> {
  const ready = async () => hasEnded(child) || (await fetch(`${address}/health/ready`)).ok;
  await waitFor(ready, { timeoutMs: READY_WITHIN_MS, intervalMs: 25, what: `${address}/health/ready` });
  if (hasEnded(child)) throw new Error('it ended');
}

/** Waits until the gateway lists a tool of each of these servers. @returns the names of all listed tools */
export function toolsOf(signalbox: RunningSignalbox, ...servers: readonly string[]): Promise<string[]> {
  const listed = async (): Promise<string[] | false> => {
    const answer = await fetch(`${signalbox.gateway}/tools?limit=1000`);
    const names = ((await answer.json()) as { tools: { name: string }[] }).tools.map(({ name }) => name);
    const missing = servers.filter((server) => !names.some((name) => name.startsWith(`${server}__`)));
    if (missing.length === 0) return names;
    throw new Error(`no tools of ${missing.join(', ')}; listed: ${names.join(', ')}\n${signalbox.output()}`);
  };
  return waitFor(listed, { timeoutMs: READY_WITHIN_MS, intervalMs: 25, what: 'the list of tools' });
}

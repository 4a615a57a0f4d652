import { freePortBase, runSignalbox, waitFor, type RunningSignalbox } from '@signalbox/testing';
import { nodeTarget } from '@signalbox/testing/mcp-servers';
import { SERVICE_NAMES } from '@signalbox/contracts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The machine may have much else to do. */
export const PATIENCE = { timeoutMs: 90_000, intervalMs: 50 };

const script = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const entryOf = (path: string, ...args: string[]) => {
  const { command, args: all } = nodeTarget(script(path), args);
  return { command, args: all };
};
/** Tools `wait`, which answers once a file is there, and `pid`. */
export const gate = entryOf('gate-server.mjs');
/** A tool `ask`, which has the client's model answer. */
export const asking = entryOf('asking-server.mjs');

export interface Suite {
  readonly name: string;
  /** Of its gateway, also while it does not run. */
  readonly url: string;
  running: RunningSignalbox;
  start(): Promise<void>;
  dispose(): Promise<void>;
}

/**
 * Places for suites that can be killed and started again.
 * @param config by the URLs of all gateways
 * @param env of all of them
 */
export async function suites<N extends string>(
  names: readonly N[],
  config: (name: N, urls: Readonly<Record<N, string>>) => object,
  env: Readonly<Record<string, string>>,
): Promise<Record<N, Suite>> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-federation-'));
  const bases = {} as Record<N, number>;
  for (const name of names) bases[name] = await basePort(Object.values(bases));
  const urls = Object.fromEntries(names.map((name) => [name, `http://127.0.0.1:${bases[name]}`])) as Record<N, string>;
  const made = names.map((name): [N, Suite] => {
    const options = { config: config(name, urls), dataDir: join(folder, name), portBase: bases[name], env };
    const suite: Suite = {
      name,
      url: urls[name],
      running: undefined as unknown as RunningSignalbox,
      start: async () => void (suite.running = await runSignalbox(options)),
      dispose: async () => {
        await suite.running?.[Symbol.asyncDispose]();
        rmSync(join(folder, name), { recursive: true, force: true });
      },
    };
    return [name, suite];
  });
  return Object.fromEntries(made) as Record<N, Suite>;
}

async function basePort(taken: readonly number[]): Promise<number> {
  for (;;) {
    const base = await freePortBase(SERVICE_NAMES.length);
    if (taken.every((other) => Math.abs(other - base) >= SERVICE_NAMES.length)) return base;
  }
}

export interface ListedTool {
  readonly name: string;
  readonly available: boolean;
  readonly safetyClass: string;
}

const headersOf = (token?: string): Record<string, string> => (token ? { authorization: `Bearer ${token}` } : {});

export async function toolsAt({ url }: Suite, token?: string): Promise<ListedTool[]> {
  const answer = await fetch(`${url}/tools?limit=1000`, { headers: headersOf(token) });
  return ((await answer.json()) as { tools: ListedTool[] }).tools;
}

/** Waits until the lists of a suite have tools of these names. @returns all names */
export function listed(suite: Suite, names: readonly string[], token?: string): Promise<string[]> {
  const look = async (): Promise<string[] | false> => {
    const all = (await toolsAt(suite, token)).map(({ name }) => name);
    const missing = names.filter((name) => !all.includes(name));
    if (missing.length === 0) return all;
    throw new Error(`${suite.name} lacks ${missing.join(', ')}; it has ${all.join(', ')}`);
  };
  return waitFor(look, { ...PATIENCE, what: `tools of ${suite.name}` });
}

export interface Called {
  readonly status: number;
  readonly callId?: string;
  readonly retryable?: boolean;
  readonly result?: { readonly content: readonly { readonly text?: string }[] };
  readonly error?: { readonly code: number; readonly message: string; readonly data?: Record<string, unknown> };
}

export async function callAt({ url }: Suite, tool: string, args: object = {}, token?: string): Promise<Called> {
  const answer = await fetch(`${url}/tools/${tool}/call`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headersOf(token) },
    body: JSON.stringify({ arguments: args }),
  });
  return { ...((await answer.json()) as object), status: answer.status };
}

export interface LoggedEvent {
  readonly type: string;
  readonly data: Record<string, any>;
  readonly traceparent?: string;
}

/** Events of a type that the log of a suite has, oldest first. */
export async function eventsOf({ running }: Suite, type: string): Promise<LoggedEvent[]> {
  const answer = await fetch(`${running.monitor}/events?type=${encodeURIComponent(type)}&limit=1000`);
  return ((await answer.json()) as { events: LoggedEvent[] }).events;
}

/** Waits for an event in the log of a suite. */
export function logged(suite: Suite, type: string, matches: (event: LoggedEvent) => boolean): Promise<LoggedEvent> {
  const look = async () => (await eventsOf(suite, type)).find(matches);
  return waitFor(look, { ...PATIENCE, what: `${type} at ${suite.name}` });
}

export interface Peer {
  readonly name: string;
  readonly state: string;
  readonly suite?: string;
  readonly reason?: string;
  readonly shares: { readonly servers: readonly string[]; readonly tools: number };
}

export async function peersOf({ running }: Suite): Promise<{ suite: string; peers: Peer[] }> {
  const answer = await fetch(`${running.registry}/peers`);
  return ((await answer.json()) as { data: { suite: string; peers: Peer[] } }).data;
}

/** Waits until a suite says so of a peer. */
export function peerIn(suite: Suite, name: string, state: string): Promise<Peer> {
  const look = async (): Promise<Peer | false> => {
    const { peers } = await peersOf(suite);
    const found = peers.find((peer) => peer.name === name);
    if (found?.state === state) return found;
    throw new Error(JSON.stringify(peers));
  };
  return waitFor(look, { ...PATIENCE, what: `${name} ${state} at ${suite.name}` });
}

export async function addServer({ running }: Suite, name: string, definition: object): Promise<void> {
  const answer = await fetch(`${running.registry}/servers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, definition }),
  });
  if (!answer.ok) throw new Error(`${name} was refused: ${await answer.text()}`);
}

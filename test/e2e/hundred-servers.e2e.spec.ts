import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { runSignalbox, waitFor, type RunningSignalbox } from '@signalbox/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';

const SERVERS = 100;
const START_PARALLEL = 8;
const PATIENT = { timeoutMs: 120_000, intervalMs: 100 };
const script = fileURLToPath(new URL('support/small-server.sh', import.meta.url));

let folder: string;
let signalbox: RunningSignalbox | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-hundred-'));
});
afterAll(async () => {
  // servers that still wait for it would not end
  openTheGate();
  await signalbox?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const names = Array.from({ length: SERVERS }, (_, index) => `s${String(index).padStart(3, '0')}`);
const started = (): string[] => readdirSync(folder).filter((name) => name.startsWith('started-'));
const openTheGate = (): void => writeFileSync(join(folder, 'open'), '');
const closeTheGate = (): void => {
  for (const name of ['open', ...started()]) rmSync(join(folder, name), { force: true });
};

function start(): Promise<RunningSignalbox> {
  const entry = (name: string) => ({
    command: '/bin/sh',
    args: [script, name, folder],
    signalbox: { connectTimeoutMs: 300_000, pool: { min: 0 } },
  });
  return runSignalbox({
    dataDir: join(folder, 'data'),
    config: {
      mcpServers: Object.fromEntries(names.map((name) => [name, entry(name)])),
      signalbox: {
        gateway: { catalogue: { pageSize: 1_000 } },
        'tool-executor': { startParallel: START_PARALLEL },
      },
    },
  });
}

async function connect({ mcp }: RunningSignalbox): Promise<Client> {
  const client = new Client({ name: 'hundred', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(new URL(mcp)));
  return client;
}

async function ourTools(client: Client) {
  const { tools } = await client.listTools();
  return tools.filter(({ name }) => name.endsWith('__hello'));
}

it('a hundred servers start a few at a time; after a restart their tools are there before any of them is', async () => {
  openTheGate();
  signalbox = await start();
  const first = await connect(signalbox);
  const all = await waitFor(async () => {
    const tools = await ourTools(first);
    return tools.length === SERVERS && tools;
  }, PATIENT);
  await first.close();
  await signalbox.stop();

  closeTheGate();
  signalbox = await start();
  const client = await connect(signalbox);
  // the very first answer, while no server has said a word
  const known = await ourTools(client);
  expect(known.map(({ name }) => name)).toEqual(names.map((name) => `${name}__hello`));
  expect(known.map(({ _meta, ...tool }) => tool)).toEqual(all);
  await waitFor(() => started().length === START_PARALLEL, PATIENT);

  // in time they are shown as away, and not dropped
  const marked = await waitFor(async () => {
    const tools = await ourTools(client);
    return tools.every(({ _meta }) => _meta?.['io.signalbox/unavailable']) && tools;
  }, PATIENT);
  expect(marked).toHaveLength(SERVERS);
  expect(started()).toHaveLength(START_PARALLEL);

  openTheGate();
  await waitFor(async () => {
    const tools = await ourTools(client);
    return tools.length === SERVERS && tools.every(({ _meta }) => !_meta?.['io.signalbox/unavailable']);
  }, PATIENT);
  const last = names.at(-1)!;
  const { content } = await client.callTool({ name: `${last}__hello`, arguments: {} });
  expect(content).toEqual([{ type: 'text', text: `hello from ${last}` }]);
  await client.close();
}, 300_000);

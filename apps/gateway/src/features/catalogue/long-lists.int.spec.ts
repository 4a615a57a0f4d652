import { createEvent, type ExecuteCommand, type ExecuteReply } from '@signalbox/contracts';
import { splitCatalogue } from '@signalbox/domain/server';
import { waitFor } from '@signalbox/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startGateway, WireClient, type GatewayUnderTest } from '../../../test/gateway-under-test.js';
import { SseReader } from '../../../test/sse-reader.js';

const LONG_LISTS = { maxItems: 300, maxPages: 10, retryMinMs: 10, retryMaxMs: 20 };
const PAGE = 40;
let gateway: GatewayUnderTest;
let client: WireClient;
/** Of the server, by number. */
let resources: number[];
let asked: ExecuteCommand[];
let failing: boolean;
const documents = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

function answer(command: ExecuteCommand): ExecuteReply {
  if (command.method !== 'resources/list') return { ok: true, result: { contents: [] } };
  asked.push(command);
  if (failing) return { ok: false, error: { code: -32603, message: 'not now' }, retryable: false };
  const at = Number(command.params?.['cursor'] ?? 0);
  const page = resources.slice(at, at + PAGE).map((number) => ({ uri: `doc://${number}`, name: `d${number}` }));
  const nextCursor = at + PAGE < resources.length ? { nextCursor: String(at + PAGE) } : {};
  return { ok: true, result: { resources: page, ...nextCursor } };
}
const changed = (hash: string, count = resources.length) =>
  gateway.append(
    'tool-executor-1',
    'upstream-s',
    createEvent('catalogue.changed', {
      server: 's',
      tools: [],
      prompts: [],
      resources: [],
      resourceTemplates: [],
      definitionHashes: {},
      resourceList: { count, hash },
    }),
  );
async function listed(): Promise<string[]> {
  const uris: string[] = [];
  for (let cursor: string | undefined; ;) {
    const { result } = (await client.request('resources/list', cursor === undefined ? {} : { cursor })).body;
    uris.push(...result.resources.map(({ uri }: { uri: string }) => uri));
    cursor = result.nextCursor;
    if (cursor === undefined) return uris;
  }
}

beforeEach(async () => {
  [resources, asked, failing] = [documents(0, 120), [], false];
  gateway = await startGateway({ gateway: { catalogue: { settleMs: 5, longLists: LONG_LISTS } } });
  client = new WireClient(`${gateway.url}/mcp`);
  await client.initialize();
  await gateway.serve('s', {}, answer);
});
afterEach(() => gateway.stop());

it('a long list of resources is asked for, all pages, once for each change, and clients hear of it', async () => {
  const abort = new AbortController();
  const reader = new SseReader(await client.get({}, abort.signal));
  await changed('a');
  await waitFor(async () => (await listed()).length === 120);
  await reader.find((event) => event.data?.method === 'notifications/resources/list_changed');
  expect(asked).toHaveLength(3);
  await changed('a');
  resources = documents(5, 125);
  await changed('b');
  await waitFor(async () => (await listed()).includes('doc://124'));
  expect(await listed()).not.toContain('doc://0');
  expect(asked).toHaveLength(6);
  expect((await client.request('resources/read', { uri: 'doc://124' })).body).toHaveProperty('result');
  abort.abort();
});

it('the last that is known serves while a new one cannot be read, and is replaced when it can', async () => {
  await changed('a');
  await waitFor(async () => (await listed()).length === 120);
  failing = true;
  resources = documents(0, 200);
  await changed('b');
  await waitFor(() => asked.length >= 6);
  expect(await listed()).toHaveLength(120);
  failing = false;
  await waitFor(async () => (await listed()).length === 200);
});

it('a list over the limit is not taken', async () => {
  resources = documents(0, 400);
  await changed('a');
  await waitFor(() => asked.length > 16);
  expect(await listed()).toEqual([]);
});

it('a catalogue in parts is seen when it is whole', async () => {
  const tools = Array.from({ length: 30 }, (_, index) => ({ name: `t${index}`, inputSchema: { type: 'object' } }));
  const whole = { server: 's', tools, prompts: [], resources: [], resourceTemplates: [], definitionHashes: {} };
  const parts = splitCatalogue(whole, 500, 'c');
  expect(parts.length).toBeGreaterThan(3);
  const names = async (): Promise<unknown[]> => (await client.request('tools/list')).body.result.tools;
  for (const part of parts) {
    expect(await names()).toEqual([]);
    await gateway.append('tool-executor-1', 'upstream-s', createEvent('catalogue.changed', part));
  }
  await waitFor(async () => (await names()).length === 30);
});

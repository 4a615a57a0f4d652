import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { runSignalbox, toolsOf, waitFor, type RunningSignalbox } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('support/verbatim-server.mjs', import.meta.url));

/** All that a definition may hold, what no revision knows included. */
const common = {
  title: 'Ünïcode → ☃',
  description: 'line\nbreak "quotes" \u2028 \\u0041',
  icons: [
    { src: 'data:image/svg+xml;base64,PHN2Zy8+', mimeType: 'image/svg+xml', sizes: ['48x48', 'any'], theme: 'dark' },
  ],
  _meta: { 'example.com/ui': { resourceUri: 'ui://x', nested: [1, null, { a: false }] }, 'io.other/key': 0 },
  'x-unknown': { deep: [[], {}, '', 0, -0.5, 1e21, true, null] },
};
const lists = {
  tools: [
    {
      ...common,
      name: 'everything_at_once',
      inputSchema: {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        $id: 'https://example.com/schemas/in',
        $defs: { node: { $anchor: 'node', type: 'object', properties: { next: { $ref: '#node' }, $dynamicRef: {} } } },
        type: 'object',
        properties: {
          node: { $ref: '#/$defs/node' },
          name: { const: 'everything_at_once' },
          constructor: { type: 'string' },
        },
        required: ['node'],
        additionalProperties: false,
      },
      outputSchema: { type: 'object', properties: { out: { anyOf: [{ type: 'null' }, { type: 'integer' }] } } },
      annotations: { title: 'T', readOnlyHint: true, openWorldHint: false, 'x-hint': { own: 1 } },
      execution: { taskSupport: 'optional', 'x-more': [] },
    },
    { name: 'plain', inputSchema: { type: 'object' } },
  ],
  prompts: [{ ...common, name: 'prompt', arguments: [{ name: 'a', title: 'A', required: false, 'x-own': 1 }] }],
  resources: [
    {
      ...common,
      uri: 'verbatim://a?b=c#d',
      name: 'r',
      mimeType: 'text/plain',
      size: 7,
      annotations: { priority: 0.5, audience: ['user'] },
    },
  ],
  resourceTemplates: [{ ...common, uriTemplate: 'verbatim://{a}{?b*}', name: 't', mimeType: 'text/plain' }],
};

let folder: string;
let file: string;
let signalbox: RunningSignalbox;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-verbatim-'));
  file = join(folder, 'lists.json');
  writeFileSync(file, JSON.stringify(lists));
  const verbatim = { command: process.execPath, args: [script, file] };
  signalbox = await runSignalbox({ config: { mcpServers: { verbatim } } });
  await toolsOf(signalbox, 'verbatim');
});
afterAll(async () => {
  await signalbox?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** A list as it is on the wire: SDK clients drop what they do not know. */
async function listOf(path: string, method: string): Promise<Record<string, unknown[]>> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  const post = async (message: object) => {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    const answer = await fetch(`${signalbox.gateway}${path}`, { method: 'POST', headers, body });
    headers['mcp-session-id'] ??= answer.headers.get('mcp-session-id')!;
    return answer;
  };
  const clientInfo = { name: 'wire', version: '1' };
  await post({ id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo } });
  const answer = await post({ id: 2, method });
  return ((await answer.json()) as { result: Record<string, unknown[]> }).result;
}
const METHODS = {
  tools: 'tools/list',
  prompts: 'prompts/list',
  resources: 'resources/list',
  resourceTemplates: 'resources/templates/list',
};

describe('what a server offers', () => {
  it.each(Object.entries(METHODS))('%s: is, at its own endpoint, what it said', async (key, method) => {
    const own = lists[key as keyof typeof lists];
    expect(await listOf('/servers/verbatim/mcp', method)).toEqual({ [key]: own });
  });

  it.each(Object.entries(METHODS))('%s: is, beside others, what it said under another name', async (key, method) => {
    const own = lists[key as keyof typeof lists] as { name: string }[];
    const renamed =
      key === 'tools' || key === 'prompts' ? own.map((item) => ({ ...item, name: `verbatim__${item.name}` })) : own;
    const seen = (await listOf('/mcp', method))[key] as { name: string; uri?: string; uriTemplate?: string }[];
    const ours = seen.filter((item) =>
      [item.name, item.uri, item.uriTemplate].some((text) => text?.startsWith('verbatim')),
    );
    expect(ours).toEqual(renamed);
  });
});

it('list_changed is sent for a real change, and for no other', async () => {
  const client = new Client({ name: 'changes', version: '1' });
  let changes = 0;
  client.setNotificationHandler('notifications/tools/list_changed', () => void changes++);
  await client.connect(new StreamableHTTPClientTransport(new URL(`${signalbox.gateway}/servers/verbatim/mcp`)));
  const reads = () => readFileSync(`${file}.reads`, 'utf8').split('\n').length;
  // the server says each time that its tools have changed, and is asked for them
  const tell = async () => {
    const before = reads();
    await client.callTool({ name: 'plain', arguments: {} });
    await waitFor(() => reads() > before, { timeoutMs: 30_000 });
  };
  await tell();
  writeFileSync(file, JSON.stringify({ ...lists, tools: lists.tools.toReversed() }));
  await tell();
  const added = { name: 'added', inputSchema: { type: 'object' } };
  writeFileSync(file, JSON.stringify({ ...lists, tools: [...lists.tools, added] }));
  await tell();
  await waitFor(async () => (await client.listTools()).tools.some(({ name }) => name === 'added'), {
    timeoutMs: 30_000,
  });
  await waitFor(() => changes > 0, { timeoutMs: 30_000 });
  expect(changes).toBe(1);
  await client.close();
});

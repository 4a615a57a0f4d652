import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { runSignalbox, waitFor, type RunningSignalbox } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everything } from './support/servers.js';

const example = fileURLToPath(new URL('../../examples/middleware/only-mine.mjs', import.meta.url));
const ADA = 'token-of-ada-is-long';
const BOB = 'token-of-bob-is-long';

let signalbox: RunningSignalbox;
beforeAll(async () => {
  signalbox = await runSignalbox({
    config: {
      mcpServers: {
        everything: { ...everything, signalbox: { tools: { echo: { class: 'read' } } } },
      },
      signalbox: {
        gateway: {
          auth: {
            tokens: [
              { principal: 'ada', token: ADA },
              { principal: 'bob', token: BOB },
            ],
          },
        },
        search: { mode: 'only', pinned: ['everything__echo'] },
        middleware: [
          {
            module: example,
            methods: ['tools/call'],
            options: { forbidden: { bob: ['everything__get-env'] }, signature: 'by the example' },
          },
          { module: 'signalbox:log', methods: ['tools/*'], order: -1 },
          { module: 'signalbox:cache', order: 10, options: { tools: ['everything__echo'] } },
          {
            module: 'signalbox:transform',
            at: 'executor',
            methods: ['tools/call'],
            options: { names: ['echo'], request: [{ rename: '$.arguments.text', to: 'message' }] },
          },
        ],
      },
    },
  });
  // the list is for those who say who they are
  await waitFor(async () => (await rest('/tools?server=everything', ADA)).body.tools.length > 0, { timeoutMs: 60_000 });
});
afterAll(() => signalbox?.[Symbol.asyncDispose]());

async function rest(path: string, token: string, body?: object) {
  const answer = await fetch(`${signalbox.gateway}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: answer.status, body: await answer.json() };
}

async function connect(token: string): Promise<Client> {
  const client = new Client({ name: 'middleware', version: '1' });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(signalbox.mcp), { requestInit }));
  return client;
}

describe('middleware of the configuration file', () => {
  it('refuses, signs, rewrites, logs and caches, in the product as it is started', async () => {
    const client = await connect(ADA);
    const call = () => client.callTool({ name: 'everything__echo', arguments: { text: 'renamed' } });
    const first = await call();
    expect(first).toMatchObject({
      content: [{ text: 'Echo: renamed' }],
      _meta: { 'example.com/signature': 'by the example' },
    });
    const second = await waitFor(async () => {
      const result = await call();
      return result._meta?.['io.signalbox/cached'] ? result : undefined;
    });
    expect(second).toMatchObject({ content: first.content, _meta: { 'example.com/signature': 'by the example' } });
    const story = await waitFor(async () => {
      const answer = await fetch(`${signalbox.monitor}/calls/${String(second._meta!['io.signalbox/callId'])}`);
      return answer.ok && (await answer.json());
    });
    expect(JSON.stringify(story)).toContain('tool.call.completed');
    await client.close();
    await waitFor(() =>
      /"outcome":"ok".*"everything__echo"|"everything__echo".*"outcome":"ok"/.test(signalbox.output()),
    );
    expect(signalbox.output()).not.toContain('"renamed"');
  });

  it('knows who calls, over MCP and over REST', async () => {
    const client = await connect(BOB);
    await expect(client.callTool({ name: 'everything__get-env', arguments: {} })).rejects.toMatchObject({
      code: -32001,
      message: expect.stringContaining('everything__get-env is not for bob'),
    });
    await client.close();
    expect((await rest('/tools/everything__get-env/call', BOB, {})).body.detail).toContain('not for bob');
    expect((await rest('/tools/everything__get-env/call', ADA, {})).status).toBe(200);
  });
});

describe('search in tools', () => {
  it('finds what is not listed, and what it finds can be called', async () => {
    const client = await connect(ADA);
    const listed = (await client.listTools()).tools.map(({ name }) => name);
    expect(listed).toEqual(['signalbox__search_tools', 'everything__echo']);
    const found = await client.callTool({
      name: 'signalbox__search_tools',
      arguments: { query: 'sum of two numbers' },
    });
    const { tools } = found.structuredContent as { tools: { name: string; inputSchema: object }[] };
    expect(tools[0]).toMatchObject({ name: 'everything__get-sum', inputSchema: { required: ['a', 'b'] } });
    const sum = await client.callTool({ name: tools[0]!.name, arguments: { a: 2, b: 3 } });
    expect(JSON.stringify(sum.content)).toContain('5');
    const overRest = await rest('/tools/search?q=sum%20of%20two%20numbers&limit=1', ADA);
    expect(overRest.body.tools).toMatchObject([{ name: 'everything__get-sum', server: 'everything', available: true }]);
    await client.close();
  });
});

it('says what is wrong with it, and does not start', async () => {
  const config = { mcpServers: {}, signalbox: { middleware: [{ module: './nowhere.mjs' }] } };
  await expect(runSignalbox({ config })).rejects.toThrow(
    /signalbox\.middleware\[0\]\.module: .*nowhere\.mjs" does not exist/,
  );
});

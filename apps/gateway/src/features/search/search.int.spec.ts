import { waitFor } from '@signalbox/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { startGateway, WireClient, type GatewayUnderTest } from '../../../test/gateway-under-test.js';

const inputSchema = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'], $defs: { a: {} } };
const READ = { name: 'read_file', description: 'Reads a file from disk', inputSchema, 'x-own': [1] };
const TOOLS = [READ, { name: 'delete_file', description: 'Removes it', inputSchema: { type: 'object' } }];

let gateway: GatewayUnderTest;
afterEach(() => gateway?.stop());

async function setUp(search?: object) {
  gateway = await startGateway({ sections: { search } });
  await gateway.serve('files', { tools: TOOLS }, ({ params }) => ({
    ok: true,
    result: { content: [{ type: 'text', text: JSON.stringify(params) }] },
  }));
  const client = new WireClient(`${gateway.url}/mcp`);
  await client.initialize();
  const listed = async (): Promise<string[]> =>
    (await client.request('tools/list')).body.result.tools.map(({ name }: { name: string }) => name);
  const known = async () => (await (await fetch(`${gateway.url}/tools`)).json()).tools.length === TOOLS.length;
  await waitFor(known);
  return { client, listed };
}

describe('the search in tools', () => {
  it('is off when it is not switched on', async () => {
    const { client, listed } = await setUp();
    expect(await listed()).toEqual(['files__read_file', 'files__delete_file']);
    const answer = await fetch(`${gateway.url}/tools/search?q=file`);
    expect([answer.status, (await answer.json()).detail]).toEqual([
      404,
      expect.stringContaining('signalbox.search.mode'),
    ]);
    const { error } = (await client.request('tools/call', { name: 'signalbox__search_tools', arguments: {} })).body;
    expect(error.message).toContain('Unknown tool');
  });

  it('is a tool whose answer is all that is needed to call what it found', async () => {
    const { client, listed } = await setUp({ mode: 'only', pinned: ['files__del*'] });
    expect(await listed()).toEqual(['signalbox__search_tools', 'files__delete_file']);
    const search = { name: 'signalbox__search_tools', arguments: { query: 'read file', limit: 1 } };
    const { result } = (await client.request('tools/call', search)).body;
    expect(result.structuredContent).toEqual({ tools: [{ ...READ, name: 'files__read_file' }] });
    expect(JSON.parse(result.content[0].text)).toEqual(result.structuredContent);
    const found = { name: result.structuredContent.tools[0].name, arguments: { path: 'x' } };
    const called = (await client.request('tools/call', found)).body.result;
    expect(JSON.parse(called.content[0].text)).toMatchObject({ name: 'read_file', arguments: { path: 'x' } });
  });

  it('is in the log like every call', async () => {
    const { client } = await setUp({ mode: 'also' });
    const search = { name: 'signalbox__search_tools', arguments: { query: 'delete' } };
    const { result } = (await client.request('tools/call', search)).body;
    const callId = result._meta['io.signalbox/callId'];
    const events = await waitFor(async () => {
      const found = await gateway.events('tool.call.requested', 'tool.call.completed');
      return found.length === 2 && found;
    });
    expect(events).toMatchObject([
      {
        data: {
          callId,
          server: 'signalbox',
          tool: 'search_tools',
          arguments: { query: 'delete' },
          safetyClass: 'read',
        },
      },
      { data: { callId, attempt: 1, isError: false } },
    ]);
  });

  it.each([
    [{}, 'query: '],
    [{ query: '  ' }, 'query: '],
    [{ query: 'x', limit: 1000 }, 'limit: '],
    [{ query: 'x', more: 1 }, '"more"'],
  ])('says what is wrong with %j', async (given, message) => {
    const { client } = await setUp({ mode: 'also' });
    const { error } = (await client.request('tools/call', { name: 'signalbox__search_tools', arguments: given })).body;
    expect(error).toMatchObject({ code: -32602, message: expect.stringContaining(message) });
  });

  it('is a REST call', async () => {
    await setUp({ mode: 'also' });
    const ask = async (query: string) => {
      const answer = await fetch(`${gateway.url}/tools/search?${query}`);
      return { status: answer.status, body: await answer.json() };
    };
    const { body } = await ask('q=disk&limit=5');
    expect(body.tools).toMatchObject([
      { name: 'files__read_file', server: 'files', tool: 'read_file', available: true, score: expect.any(Number) },
    ]);
    expect(body.tools[0].definition).toEqual(READ);
    expect((await ask('q=disk&server=other')).body.tools).toEqual([]);
    expect((await ask('')).status).toBe(400);
    expect((await ask('q=x&limit=0')).body.detail).toContain('limit');
    const called = await fetch(`${gateway.url}/tools/signalbox__search_tools/call`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"disk"}',
    });
    expect((await called.json()).result.structuredContent.tools).toHaveLength(1);
  });

  it('is not among the tools of a single server', async () => {
    await setUp({ mode: 'only' });
    const client = new WireClient(`${gateway.url}/servers/files/mcp`);
    await client.initialize();
    const { tools } = (await client.request('tools/list')).body.result;
    expect(tools.map(({ name }: { name: string }) => name)).toEqual(['read_file', 'delete_file']);
  });

  it.each(['on', ''])('with mode %j does not start, and says what is allowed', async (mode) => {
    await expect(startGateway({ sections: { search: { mode } } })).rejects.toThrow(
      /signalbox\.search\.mode: .*"off"\|"also"\|"only"/,
    );
  });
});

import {
  upstreamSettingsSchema,
  type ExecuteCommand,
  type ExecuteReply,
  type UpstreamDefinition,
} from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { SseReader } from '../../../../test/sse-reader.js';
import { startGateway, WireClient, type GatewayUnderTest } from '../../../../test/gateway-under-test.js';

const TOKENS = ['ada', 'bob'].map((principal) => ({ principal, token: `${principal}-token-of-16-or-more` }));
const HOUR = 3_600_000;
const definition: UpstreamDefinition = {
  name: 's',
  target: { kind: 'stdio', command: 'none', args: [], env: {} },
  settings: upstreamSettingsSchema.parse({ tools: { look: { class: 'read' } } }),
  source: 'test',
} as UpstreamDefinition;

let gateway: GatewayUnderTest;
afterEach(() => gateway?.stop());

async function setUp(options: object = {}, hints: object = { ttlMs: HOUR, cacheScope: 'public' }) {
  const commands: ExecuteCommand[] = [];
  gateway = await startGateway({
    gateway: { auth: { tokens: TOKENS } },
    servers: [definition],
    sections: { middleware: [{ module: 'signalbox:cache', options }] },
  });
  const offer = {
    tools: [{ name: 'look' }, { name: 'change' }],
    prompts: [{ name: 'p' }],
    resources: [{ uri: 'x://1' }, { uri: 'x://2' }],
  };
  const serve = (command: ExecuteCommand): ExecuteReply => {
    const number = commands.push(command);
    if (command.params?.['uri'] === 'x://none')
      return { ok: false, error: { code: -32002, message: 'none' }, retryable: false };
    const content = [{ type: 'text', text: String(number) }];
    if (command.method === 'tools/call') return { ok: true, result: { content, _meta: { own: 1 } } };
    if (command.method === 'prompts/get') return { ok: true, result: { messages: [], description: String(number) } };
    return { ok: true, result: { contents: [{ uri: 'x', text: String(number) }], ...hints } };
  };
  const connect = async (principal: 'ada' | 'bob'): Promise<WireClient> => {
    const authorization = `Bearer ${TOKENS.find((token) => token.principal === principal)!.token}`;
    const client = new WireClient(`${gateway.url}/mcp`, { authorization });
    await client.initialize();
    return client;
  };
  const client = await connect('ada');
  // a list that has changed makes room in the cache: that is over when clients have heard of it
  const abort = new AbortController();
  const heard = new SseReader(await client.get({}, abort.signal));
  await gateway.serve('s', offer, serve);
  await heard.find(({ data }) => data?.method === 'notifications/resources/list_changed');
  abort.abort();
  const read = async (uri = 'x://1', by = client) => (await by.request('resources/read', { uri })).body;
  const look = async (given: object = {}, by = client) =>
    (await by.request('tools/call', { name: 's__look', arguments: given })).body.result;
  return { client, commands, connect, read, look };
}

describe('what a server says may be kept', () => {
  it('is asked for once, by whoever may have it, and marked with its age', async () => {
    const { commands, connect, read } = await setUp();
    const first = (await read()).result;
    expect(first).toMatchObject({ contents: [{ text: '1' }], ttlMs: HOUR });
    const second = (await read('x://1', await connect('bob'))).result;
    expect(second.contents).toEqual(first.contents);
    expect(second._meta['io.signalbox/cached'].ageMs).toBeGreaterThanOrEqual(0);
    expect(second.ttlMs).toBeLessThanOrEqual(HOUR);
    expect(commands).toHaveLength(1);
    expect((await read('x://2')).result.contents[0].text).toBe('2');
  });

  it('is for the one who asked when it is private, or nothing is said', async () => {
    const { commands, connect, read } = await setUp({ ttlMs: HOUR }, {});
    await read();
    await read();
    expect(commands).toHaveLength(1);
    await read('x://1', await connect('bob'));
    expect(commands).toHaveLength(2);
  });

  it.each([
    ['nobody says how long', {}, {}],
    ['the server says not at all', { ttlMs: HOUR }, { ttlMs: 0, cacheScope: 'public' }],
    ['it is too large', { maxResultBytes: 10 }, { ttlMs: HOUR, cacheScope: 'public' }],
    ['it is no result yet', { ttlMs: HOUR }, { resultType: 'input_required', inputRequests: {} }],
  ])('is not kept when %s', async (_why, options, hints) => {
    const { commands, read } = await setUp(options, hints);
    await read();
    await read();
    expect(commands).toHaveLength(2);
  });

  it('is no error', async () => {
    const { commands, read } = await setUp({ ttlMs: HOUR });
    expect((await read('x://none')).error.code).toBe(-32002);
    expect((await read('x://none')).error.code).toBe(-32002);
    expect(commands).toHaveLength(2);
  });

  it('is asked for again when the resource or the list has changed', async () => {
    const { commands, read } = await setUp();
    for (const uri of ['x://1', 'x://2']) await read(uri);
    await gateway.ports.bus.send('mcp.gateway.gateway-1', {
      id: 'push',
      type: 'session-push',
      body: { server: 's', method: 'notifications/resources/updated', params: { uri: 'x://1' } },
    });
    await waitFor(async () => (await read()).result._meta === undefined);
    expect(commands).toHaveLength(3);
    expect((await read('x://2')).result._meta).toBeDefined();
    await gateway.serve('s', { tools: [{ name: 'look' }, { name: 'change' }], resources: [{ uri: 'x://2' }] });
    await waitFor(async () => (await read('x://2')).result._meta === undefined);
  });
});

describe('results of prompts', () => {
  it('are kept for the configured time', async () => {
    const { client, commands } = await setUp({ ttlMs: HOUR });
    const get = async () => (await client.request('prompts/get', { name: 's__p' })).body.result.description;
    expect([await get(), await get()]).toEqual(['1', '1']);
    expect(commands).toHaveLength(1);
  });
});

describe('results of tools', () => {
  it('are not kept when nobody asks for it', async () => {
    const { commands, look } = await setUp({ ttlMs: HOUR });
    await look();
    await look();
    expect(commands).toHaveLength(2);
  });

  it('are kept for tools of class read, by their arguments; each call is in the log', async () => {
    const { commands, look } = await setUp({ tools: ['s__*'] });
    const first = await look({ a: 1, b: 2 });
    const second = await look({ b: 2, a: 1 });
    expect(second.content).toEqual(first.content);
    expect(second._meta).toMatchObject({ own: 1, 'io.signalbox/cached': { ageMs: expect.any(Number) } });
    const callId = second._meta['io.signalbox/callId'];
    expect(callId).not.toBe(first._meta['io.signalbox/callId']);
    const ofCall = await waitFor(async () => {
      const events = await gateway.events('tool.call.requested', 'tool.call.completed');
      const found = events.filter(({ data }) => (data as { callId: string }).callId === callId);
      return found.length === 2 && found;
    });
    expect(ofCall).toMatchObject([
      { type: 'tool.call.requested', data: { tool: 'look', arguments: { a: 1, b: 2 }, principal: 'ada' } },
      { type: 'tool.call.completed', data: { result: { content: [{ text: '1' }] }, isError: false } },
    ]);
    await look({ a: 2 });
    expect(commands).toHaveLength(2);
  });

  it('are not kept for other tools, whose calls make them out of date', async () => {
    const { client, commands, look } = await setUp({ tools: ['*'] });
    const change = () => client.request('tools/call', { name: 's__change', arguments: {} });
    await look();
    await look();
    expect(commands).toHaveLength(1);
    await change();
    await change();
    expect(commands).toHaveLength(3);
    await look();
    expect(commands).toHaveLength(4);
  });

  it('are each principal’s own', async () => {
    const { commands, connect, look } = await setUp({ tools: ['*'] });
    await look();
    await look({}, await connect('bob'));
    expect(commands).toHaveLength(2);
  });
});

import type { ExecuteCommand, ExecuteReply } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startGateway, WireClient, type GatewayUnderTest } from '../../../test/gateway-under-test.js';
import { SseReader } from '../../../test/sse-reader.js';
import { StatelessWireClient } from '../../../test/stateless-client.js';

let folder: string;
let gateway: GatewayUnderTest | undefined;
let commands: ExecuteCommand[];
let release: () => void;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-middleware-'));
  commands = [];
});
afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
  rmSync(folder, { recursive: true });
});

const upper = `export default ({ suffix }) => ({
  request: ({ params }) => ({ params: { ...params, arguments: { ...params.arguments, seen: true } } }),
  response: async (outcome) => 'result' in outcome
    ? { result: { ...outcome.result, content: [{ type: 'text', text: outcome.result.content[0].text.toUpperCase() + suffix }] } }
    : undefined,
  notification: ({ params }) => (params.data === 'secret' ? 'drop' : { params: { ...params, data: params.data + suffix } }),
});`;
const ASK = { messages: [], maxTokens: 1 };

async function setUp(middleware: readonly object[]) {
  writeFileSync(join(folder, 'upper.mjs'), upper);
  writeFileSync(
    join(folder, 'deny.mjs'),
    `export default { request: () => ({ answer: { error: { code: -32001, message: 'no' } } }) };`,
  );
  writeFileSync(join(folder, 'broken.mjs'), `export default { request: () => { throw new Error('with details'); } };`);
  gateway = await startGateway({ sections: { middleware }, configPath: join(folder, 'signalbox.json') });
  const tools = [{ name: 'echo' }, { name: 'talk' }, { name: 'wait' }];
  const released = new Promise<void>((resolve) => (release = resolve));
  await gateway.serve(
    's',
    { tools, resources: [{ uri: 'x://1' }] },
    async (command, delivery): Promise<ExecuteReply> => {
      commands.push(command);
      if (command.params?.['name'] === 'wait') await released;
      if (command.params?.['name'] === 'talk') {
        for (const data of ['secret', 'open']) {
          delivery.part({ kind: 'notification', method: 'notifications/message', params: { level: 'info', data } });
        }
        delivery.part({ kind: 'request', id: 'q1', inbox: 'nowhere', method: 'sampling/createMessage', params: ASK });
      }
      return { ok: true, result: { content: [{ type: 'text', text: 'echo' }] } };
    },
  );
  const client = new WireClient(`${gateway.url}/mcp`, { 'x-tenant': 'acme' });
  await client.initialize({ sampling: {} });
  await waitFor(async () => (await client.request('tools/list')).body.result?.tools.length === 3);
  return { client, gateway };
}

describe('middleware of the gateway', () => {
  it('is in the way of requests, responses and notifications', async () => {
    const { client } = await setUp([
      { module: './upper.mjs', methods: ['tools/call', 'notifications/*'], options: { suffix: '!' } },
    ]);
    const { result } = (await client.request('tools/call', { name: 's__echo', arguments: { a: 1 } })).body;
    expect(result.content[0].text).toBe('ECHO!');
    expect(commands[0]!.params).toMatchObject({ arguments: { a: 1, seen: true } });
    const talk = { jsonrpc: '2.0', id: 9, method: 'tools/call', params: { name: 's__talk' } };
    const reader = new SseReader(await client.post(talk));
    await reader.done;
    const messages = reader.events.map(({ data }) => data).filter((data) => data?.method === 'notifications/message');
    expect(messages.map(({ params }) => params.data)).toEqual(['open!']);
  });

  it('is in the way of what servers ask, and answers for the client when it will', async () => {
    const { client } = await setUp([{ module: './deny.mjs', methods: ['sampling/*'] }]);
    const talk = { jsonrpc: '2.0', id: 9, method: 'tools/call', params: { name: 's__talk' } };
    const reader = new SseReader(await client.post(talk));
    await reader.done;
    expect(reader.events.some(({ data }) => data?.method === 'sampling/createMessage')).toBe(false);
    expect(reader.events.some(({ data }) => data?.method === 'notifications/message')).toBe(true);
  });

  it('is in the way of pushes that belong to no request', async () => {
    const { client, gateway } = await setUp([
      { module: './upper.mjs', methods: ['notifications/message'], options: { suffix: '?' } },
    ]);
    await client.request('logging/setLevel', { level: 'debug' });
    const abort = new AbortController();
    const reader = new SseReader(await client.get({}, abort.signal));
    const push = (data: string) =>
      gateway.ports.bus.send('mcp.gateway.gateway-1', {
        id: data,
        type: 'session-push',
        body: { server: 's', method: 'notifications/message', params: { level: 'info', data } },
      });
    await push('secret');
    await push('open');
    const first = await reader.find(({ data }) => data?.method === 'notifications/message');
    expect(first.data.params.data).toBe('open?');
    abort.abort();
  });

  it('runs in its order, what is built in too, also for REST calls, with headers and lists', async () => {
    const { client, gateway } = await setUp([
      { module: './upper.mjs', methods: ['tools/call'], order: 1, options: { suffix: '.' } },
      {
        module: 'signalbox:transform',
        methods: ['tools/call'],
        options: {
          names: ['s__*'],
          request: [
            { header: 'X-Tenant', meta: 'example.com/tenant' },
            { set: '$.arguments.region', value: 'eu' },
          ],
          response: [
            { set: '$.content[*].annotations.audience', value: ['user'] },
            { rename: '$.content', to: 'renamed' },
          ],
        },
      },
      {
        module: 'signalbox:transform',
        methods: ['tools/list'],
        options: { response: [{ set: '$.tools[*].title', value: 'T' }] },
      },
      { module: 'signalbox:log', methods: ['*'] },
    ]);
    const { result } = (await client.request('tools/call', { name: 's__echo', arguments: { region: 'us' } })).body;
    expect(result.renamed).toEqual([{ type: 'text', text: 'ECHO.', annotations: { audience: ['user'] } }]);
    expect(commands[0]!.params).toEqual({
      name: 'echo',
      arguments: { region: 'eu', seen: true },
      _meta: { 'example.com/tenant': 'acme' },
    });
    expect((await client.request('tools/list')).body.result.tools[0]).toEqual({ name: 's__echo', title: 'T' });
    const rest = await fetch(`${gateway.url}/tools/s__echo/call`, { method: 'POST', headers: { 'x-tenant': 'rest' } });
    expect(await rest.json()).toMatchObject({ callId: expect.any(String), result: { renamed: [{ text: 'ECHO.' }] } });
    expect(commands[1]!.params).toMatchObject({ _meta: { 'example.com/tenant': 'rest' } });
  });

  it('is in the way of initialize, of subscriptions/listen, and of what clients tell', async () => {
    writeFileSync(
      join(folder, 'door.mjs'),
      `export default {
        request: ({ method, params }) => {
          if (params?.clientInfo?.name === 'unwanted') return { answer: { error: { code: -32001, message: 'not here' } } };
          if (method === 'subscriptions/listen') return { params: { ...params, notifications: { toolsListChanged: true } } };
        },
        response: (outcome, { method }) =>
          method === 'initialize' && 'result' in outcome ? { result: { ...outcome.result, instructions: 'mine' } } : undefined,
        notification: ({ method }, { direction }) =>
          method === 'notifications/cancelled' && direction === 'to-server' ? 'drop' : undefined,
      };`,
    );
    const methods = ['initialize', 'subscriptions/listen', 'notifications/*'];
    const { client, gateway } = await setUp([{ module: './door.mjs', methods }]);
    const initialize = (name: string) =>
      client.request('initialize', {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name, version: '1' },
      });
    const refused = await initialize('unwanted');
    expect([refused.body.error, refused.headers.get('mcp-session-id')]).toEqual([
      { code: -32001, message: 'not here' },
      null,
    ]);
    expect((await initialize('wanted')).body.result.instructions).toBe('mine');

    const abort = new AbortController();
    const stateless = new StatelessWireClient(`${gateway.url}/mcp`);
    const stream = await stateless.send('subscriptions/listen', { notifications: {} }, { signal: abort.signal });
    const { data } = await new SseReader(stream).find(() => true);
    expect(data.params.notifications).toEqual({ toolsListChanged: true });
    abort.abort();

    const call = client.post({ jsonrpc: '2.0', id: 'long', method: 'tools/call', params: { name: 's__wait' } });
    await waitFor(() => commands.some(({ params }) => params?.['name'] === 'wait'));
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'long' } };
    expect((await client.post(cancel)).status).toBe(202);
    release();
    expect(await (await call).text()).toContain('"text":"echo"');
  });

  it('may answer by itself, and fails by name without saying more', async () => {
    const { client, gateway } = await setUp([
      { module: './deny.mjs', methods: ['prompts/get'] },
      { module: './broken.mjs', name: 'mine', methods: ['tools/call'] },
    ]);
    expect((await client.request('prompts/get', { name: 'x' })).body.error).toEqual({ code: -32001, message: 'no' });
    const { error } = (await client.request('tools/call', { name: 's__echo' })).body;
    expect(error).toEqual({ code: -32603, message: 'Middleware "mine" failed', data: { retryable: false } });
    const rest = await fetch(`${gateway.url}/tools/s__echo/call`, { method: 'POST' });
    expect([rest.status, (await rest.json()).detail]).toEqual([502, 'Middleware "mine" failed']);
    expect(commands).toEqual([]);
  });

  it.each([
    [{ module: './none.mjs' }, /signalbox\.middleware\[0\]\.module: ".*none\.mjs" does not exist/],
    [{ module: 'signalbox:cache', options: { ttl: 1 } }, /signalbox\.middleware\[0\]\.options.*ttl/],
    [{ module: './x.mjs', order: 'first' }, /signalbox\.middleware\[0\]\.order/],
  ])('that is wrong is named at start: %j', async (entry, message) => {
    await expect(
      startGateway({ sections: { middleware: [entry] }, configPath: join(folder, 'signalbox.json') }),
    ).rejects.toThrow(message);
  });
});

import type { ExecuteCommand } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startGateway, WireClient, type GatewayUnderTest } from '../../../test/gateway-under-test.js';

let gateway: GatewayUnderTest;
let client: WireClient;
const commands: ExecuteCommand[] = [];

beforeAll(async () => {
  gateway = await startGateway();
  const offer = {
    tools: [{ name: 'greet', inputSchema: { type: 'object' } }],
    prompts: [{ name: 'welcome' }],
    resources: [{ uri: 'notes://one', name: 'one' }],
    resourceTemplates: [{ uriTemplate: 'notes://{id}', name: 'note' }],
  };
  await gateway.serve('desk', offer, (command) => {
    commands.push(command);
    return { ok: true, result: { content: [] } };
  });
  client = new WireClient(`${gateway.url}/mcp`);
  await client.initialize();
  await waitFor(async () => (await client.request('tools/list')).body.result.tools.length === 1);
});
afterAll(() => gateway?.stop());
beforeEach(() => void (commands.length = 0));

describe('methods that are for a server', () => {
  it.each([
    ['tools/call', { name: 'desk__greet', arguments: {} }, { name: 'greet' }],
    ['prompts/get', { name: 'desk__welcome' }, { name: 'welcome' }],
    ['resources/read', { uri: 'notes://one' }, { uri: 'notes://one' }],
    ['resources/read', { uri: 'notes://two' }, { uri: 'notes://two' }],
    ['resources/subscribe', { uri: 'notes://one' }, { uri: 'notes://one' }],
    ['resources/unsubscribe', { uri: 'notes://one' }, { uri: 'notes://one' }],
    [
      'completion/complete',
      { ref: { type: 'ref/prompt', name: 'desk__welcome' }, argument: { name: 'a', value: 'b' } },
      { ref: { type: 'ref/prompt', name: 'welcome' } },
    ],
    [
      'completion/complete',
      { ref: { type: 'ref/resource', uri: 'notes://{id}' }, argument: { name: 'id', value: 'o' } },
      { ref: { type: 'ref/resource', uri: 'notes://{id}' } },
    ],
  ])('%s reaches it under its own names', async (method, params, received) => {
    expect((await client.request(method, params)).body).toHaveProperty('result');
    expect(commands).toMatchObject([{ server: 'desk', method, params: received }]);
  });

  it.each([
    ['tools/call', { name: 7 }, -32602, '"name" must be a string'],
    ['tools/call', { name: 'desk__greet', arguments: [] }, -32602, '"arguments" must be an object'],
    ['tools/call', { name: 'desk__greeet' }, -32602, 'desk__greet'],
    ['prompts/get', {}, -32602, '"name" must be a string'],
    ['prompts/get', { name: 'desk__welcom' }, -32602, 'desk__welcome'],
    ['resources/read', {}, -32602, '"uri" must be a string'],
    ['resources/read', { uri: 'other://x' }, -32002, 'other://x'],
    ['completion/complete', {}, -32602, '"ref" must name a listed prompt'],
    ['completion/complete', { ref: { type: 'ref/prompt', name: 'nobody' } }, -32602, '"ref" must name a listed prompt'],
  ])('%s %j is refused by the gateway itself', async (method, params, code, message) => {
    const { error } = (await client.request(method, params)).body;
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(commands).toEqual([]);
  });
});

describe('methods that the gateway answers', () => {
  it.each([
    ['tools/list', 'tools', 'desk__greet'],
    ['prompts/list', 'prompts', 'desk__welcome'],
    ['resources/list', 'resources', 'notes://one'],
    ['resources/templates/list', 'resourceTemplates', 'notes://{id}'],
  ])('%s', async (method, field, expected) => {
    const { result } = (await client.request(method)).body;
    expect(JSON.stringify(result[field])).toContain(expected);
    const { error } = (await client.request(method, { cursor: 'made up' })).body;
    expect(error).toMatchObject({ code: -32602, message: expect.stringContaining('cursor') });
  });

  it('logging/setLevel takes the levels of MCP, and names them', async () => {
    expect((await client.request('logging/setLevel', { level: 'warning' })).body.result).toEqual({});
    const { error } = (await client.request('logging/setLevel', { level: 'loud' })).body;
    expect(error).toMatchObject({ code: -32602, message: expect.stringContaining('debug, info, notice, warning') });
  });

  it('ping, and nothing unknown', async () => {
    expect((await client.request('ping')).body.result).toEqual({});
    expect((await client.request('no/such')).body.error).toMatchObject({ code: -32601 });
    expect(commands).toEqual([]);
  });
});

import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '@signalbox/testing';
import { startGateway, WireClient, type GatewayUnderTest } from '../../../test/gateway-under-test.js';

let gateway: GatewayUnderTest;
let endpoint: string;
const echo = { name: 'echo', description: 'Says it again', inputSchema: { type: 'object' } };

beforeAll(async () => {
  gateway = await startGateway();
  endpoint = `${gateway.url}/mcp`;
  await gateway.serve('one', { tools: [echo, { name: 'add', inputSchema: { type: 'object' } }] }, ({ params }) => ({
    ok: true,
    result: { content: [{ type: 'text', text: JSON.stringify(params) }] },
  }));
  await gateway.serve('two', { tools: [echo] }, () => ({ ok: true, result: { content: [] } }));
  const client = new WireClient(endpoint);
  await client.initialize();
  await waitFor(async () => (await client.request('tools/list')).body.result.tools.length === 3);
});
afterAll(() => gateway.stop());

interface Raw {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

function raw({ method = 'POST', path = '/mcp', headers = {}, body }: Raw): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${gateway.url}${path}`,
      { method, headers: { 'content-type': 'application/json', accept: '*/*', ...headers } },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode!, body: text }));
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
});

describe('what is not a message', () => {
  it.each([
    ['malformed JSON', '{"jsonrpc":', 400, -32700],
    ['nothing', '', 400, -32700],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', 400, -32600],
    ['an empty batch', '[]', 400, -32600],
    ['a number', '7', 400, -32600],
    ['another version', '{"jsonrpc":"1.0","id":1,"method":"ping"}', 400, -32600],
    ['a null id', '{"jsonrpc":"2.0","id":null,"method":"ping"}', 400, -32600],
    ['params that are an array', '{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}', 400, -32600],
    ['a request without a session', '{"jsonrpc":"2.0","id":1,"method":"ping"}', 400, -32000],
  ])('%s', async (_name, body, status, code) => {
    const answer = await raw({ body });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ jsonrpc: '2.0', error: { code } });
  });

  it('a body over 4 MiB by Content-Length is refused before it is read', async () => {
    const answer = await new Promise<number>((resolve, reject) => {
      const sent = request(
        endpoint,
        { method: 'POST', headers: { 'content-type': 'application/json', 'content-length': 4 * 1024 * 1024 + 1 } },
        (response) => {
          resolve(response.statusCode!);
          sent.destroy();
        },
      );
      sent.on('error', reject);
      sent.write('{');
    });
    expect(answer).toBe(413);
  });

  it('a body over 4 MiB is refused so that a client which closes afterwards hears it', async () => {
    const headers = { 'content-type': 'application/json', connection: 'close' };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => raw({ headers, body: `"${'x'.repeat(8 * 1024 * 1024)}"` })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 413));
  });

  it('a chunked body over 4 MiB is refused while it is read', async () => {
    const answer = await raw({ headers: { 'transfer-encoding': 'chunked' }, body: `"${'x'.repeat(4 * 1024 * 1024)}"` });
    expect(answer.status).toBe(413);
  });

  it('a body of just under 4 MiB is taken', async () => {
    expect((await raw({ body: `"${'x'.repeat(4 * 1024 * 1024 - 2)}"` })).status).toBe(400);
  });
});

describe('headers', () => {
  it.each([
    ['another content type', { 'content-type': 'text/plain' }, 415],
    ['an Accept that takes neither', { accept: 'text/html' }, 406],
    ['curl', { accept: '*/*' }, 200],
    ['JSON only', { accept: 'application/json' }, 200],
    ['a foreign Host', { host: 'evil.example.com' }, 403],
    ['a loopback Host with another port', { host: 'localhost:1' }, 200],
    ['a foreign Origin', { origin: 'http://evil.example.com' }, 403],
    ['a sandboxed Origin', { origin: 'null' }, 403],
    ['a loopback Origin', { origin: 'http://localhost:6274' }, 200],
  ])('%s', async (_name, headers, status) => {
    expect((await raw({ headers: headers as Record<string, string>, body: INITIALIZE })).status).toBe(status);
  });

  it('REST is guarded alike, health checks are not', async () => {
    const headers = { host: 'evil.example.com' };
    expect((await raw({ method: 'GET', path: '/tools', headers })).status).toBe(403);
    expect((await raw({ method: 'GET', path: '/metrics', headers })).status).toBe(403);
    expect((await raw({ method: 'GET', path: '/health/live', headers })).status).toBe(200);
  });

  it('other methods are 405', async () => {
    expect((await raw({ method: 'PUT', body: '{}' })).status).toBe(405);
  });

  it('an answer as a stream when the client takes nothing else', async () => {
    const client = new WireClient(endpoint, { accept: 'text/event-stream' });
    const response = await client.post(INITIALIZE);
    expect(response.status).toBe(200);
    await response.text();
  });

  it('an unsupported MCP-Protocol-Version is 400', async () => {
    const client = new WireClient(endpoint);
    await client.initialize();
    const response = await client.post(
      { jsonrpc: '2.0', id: 1, method: 'ping' },
      { 'mcp-protocol-version': '1999-01-01' },
    );
    expect(response.status).toBe(400);
    expect((await response.json()).error.message).toContain('2025-11-25');
  });
});

describe('sessions', () => {
  it.each(['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'])('speaks %s', async (revision) => {
    const { body } = await new WireClient(endpoint).initialize({}, revision);
    expect(body.result).toMatchObject({ protocolVersion: revision, serverInfo: { name: 'signalbox' } });
  });

  it('answers an unknown revision with its newest', async () => {
    const { body } = await new WireClient(endpoint).initialize({}, '2099-01-01');
    expect(body.result.protocolVersion).toBe('2025-11-25');
  });

  it('are 404 when they are unknown, ended, or of another endpoint', async () => {
    const client = new WireClient(endpoint);
    await client.initialize();
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
    expect((await client.post(ping)).status).toBe(200);
    const scoped = new WireClient(`${gateway.url}/servers/one/mcp`);
    scoped.sessionId = client.sessionId;
    expect((await scoped.post(ping)).status).toBe(404);
    expect((await fetch(endpoint, { method: 'DELETE', headers: { 'mcp-session-id': client.sessionId! } })).status).toBe(
      204,
    );
    expect((await client.post(ping)).status).toBe(404);
    client.sessionId = 'made-up';
    expect((await client.post(ping)).status).toBe(404);
  });

  it('are in the log, their wire ids are not', async () => {
    const client = new WireClient(endpoint);
    await client.initialize({ roots: {} });
    const opened = (await gateway.events('session.opened')).at(-1)!;
    expect(opened.data).toMatchObject({ gateway: 'gateway-1', principal: 'anonymous', capabilities: { roots: {} } });
    const { sessionId } = opened.data as { sessionId: string };
    expect(client.sessionId!.includes(sessionId)).toBe(true);
    expect(JSON.stringify(opened)).not.toContain(client.sessionId);
    expect(JSON.stringify(opened)).not.toContain(client.sessionId!.split('.')[2]);
    await fetch(endpoint, { method: 'DELETE', headers: { 'mcp-session-id': client.sessionId! } });
    await waitFor(async () =>
      (await gateway.events('session.closed')).some(
        ({ data }) => (data as { sessionId: string }).sessionId === sessionId,
      ),
    );
  });

  it('an unknown server has no endpoint', async () => {
    const response = await new WireClient(`${gateway.url}/servers/onne/mcp`).post(INITIALIZE);
    expect(response.status).toBe(404);
    expect((await response.json()).error.data.nearest).toContain('one');
  });
});

describe('methods', () => {
  it('lists tools under prefixed names, verbatim otherwise', async () => {
    const client = new WireClient(endpoint);
    await client.initialize();
    const { body } = await client.request('tools/list');
    expect(body.result.tools).toEqual([
      { ...echo, name: 'one__echo' },
      { name: 'one__add', inputSchema: { type: 'object' } },
      { ...echo, name: 'two__echo' },
    ]);
  });

  it('shows one server with its own names', async () => {
    const client = new WireClient(`${gateway.url}/servers/two/mcp`);
    await client.initialize();
    expect((await client.request('tools/list')).body.result.tools).toEqual([echo]);
  });

  it('calls by prefixed name and by an unambiguous bare one', async () => {
    const client = new WireClient(endpoint);
    await client.initialize();
    for (const name of ['one__add', 'add']) {
      const { body } = await client.request('tools/call', { name, arguments: { a: 1 } });
      expect(JSON.parse(body.result.content[0].text)).toEqual({ name: 'add', arguments: { a: 1 } });
      expect(body.result._meta['io.signalbox/callId']).toMatch(/^[0-9A-Z]{26}$/);
    }
  });

  it('names the nearest tools when one is unknown or ambiguous', async () => {
    const client = new WireClient(endpoint);
    await client.initialize();
    const { status, body } = await client.request('tools/call', { name: 'echo' });
    expect(status).toBe(200);
    expect(body.error).toMatchObject({
      code: -32602,
      data: { nearest: expect.arrayContaining(['one__echo', 'two__echo']) },
    });
    expect(body.error.message).toContain('one__echo');
  });

  it.each([
    ['unknown/method', {}, -32601],
    ['tools/call', {}, -32602],
    ['tools/call', { name: 'one__echo', arguments: [] }, -32602],
    ['tools/list', { cursor: 'nonsense' }, -32602],
    ['resources/read', { uri: 'nowhere://x' }, -32002],
    ['prompts/get', { name: 'none' }, -32602],
    ['logging/setLevel', { level: 'loud' }, -32602],
    ['completion/complete', { ref: { type: 'ref/prompt', name: 'none' }, argument: {} }, -32602],
  ])('%s %j', async (method, params, code) => {
    const client = new WireClient(endpoint);
    await client.initialize();
    const { status, body } = await client.request(method, params);
    expect(status).toBe(200);
    expect(body.error.code).toBe(code);
  });
});

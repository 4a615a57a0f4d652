import { connectClient, waitFor } from '@signalbox/testing';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { McpEndpoint, mcpLimitsSchema, type ResourceProvider } from './index.js';

const provider: ResourceProvider = {
  info: { name: 'test', version: '1' },
  instructions: '',
  templates: [],
  list: () => Promise.resolve({ resources: [] }),
  read: () => Promise.resolve(undefined),
  owns: () => true,
  complete: () => Promise.resolve({ values: [] }),
};

async function endpointForTest(limits: object = {}) {
  const errors: unknown[] = [];
  const endpoint = new McpEndpoint(provider, mcpLimitsSchema.parse(limits), '127.0.0.1', (error) => errors.push(error));
  const server = createServer((req, res) => {
    if (!endpoint.handle(req, res)) res.writeHead(418).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    await endpoint.close();
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(close);
  return { endpoint, url, errors, close };
}

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } },
};

const post = (url: string, body: string | object, headers: Record<string, string> = {}) =>
  fetch(`${url}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

describe('McpEndpoint', () => {
  it('takes /mcp and leaves other paths', async () => {
    const { url } = await endpointForTest();
    expect((await fetch(`${url}/mcp2`)).status).toBe(418);
    expect((await fetch(`${url}/mcp?x=1`)).status).toBe(400);
  });

  it('opens a session and closes it when the client asks', async () => {
    const { endpoint, url, errors } = await endpointForTest();
    const { transport } = await connectClient(url);
    expect(endpoint.sessions).toBe(1);
    await transport.terminateSession();
    expect(endpoint.sessions).toBe(0);
    expect(errors).toEqual([]);
  });

  it('answers 404 to a session that is not there', async () => {
    const { url } = await endpointForTest();
    const answer = await post(url, { jsonrpc: '2.0', id: 1, method: 'ping' }, { 'mcp-session-id': 'gone' });
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ error: { code: -32001, message: expect.stringContaining('gone') } });
  });

  it.each([
    ['malformed JSON', '{', 400, -32700],
    ['no request', '{"a":1}', 400, -32700],
    ['a request before initialize', '{"jsonrpc":"2.0","id":1,"method":"ping"}', 400, -32000],
  ])('refuses %s and keeps no session', async (_, body, status, code) => {
    const { endpoint, url } = await endpointForTest();
    const answer = await post(url, body);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ error: { code } });
    expect(endpoint.sessions).toBe(0);
  });

  it('refuses a body that is too large', async () => {
    const { url } = await endpointForTest({ maxBodyBytes: 500 });
    const answer = await post(url, { ...initialize, padding: 'x'.repeat(600) });
    expect(answer.status).toBe(413);
  });

  it('has no more sessions than it may, and says so', async () => {
    const { endpoint, url } = await endpointForTest({ maxSessions: 2 });
    await connectClient(url);
    await connectClient(url);
    const answer = await post(url, initialize);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining('at most 2') } });
    expect(endpoint.sessions).toBe(2);
  });

  it('closes sessions that nobody uses, and not those with an open stream', async () => {
    const { endpoint, url } = await endpointForTest({ sessionIdleMs: 1_000, sweepMs: 20, coalesceMs: 1 });
    const { client, updated } = await connectClient(url);
    await client.subscribeResource({ uri: 'x://y' });
    endpoint.resourceUpdated('x://y');
    // proof that its stream is open
    await waitFor(() => updated.length === 1);
    const answer = await post(url, initialize);
    await answer.text();
    await waitFor(() => endpoint.sessions === 1);
    const session = { 'mcp-session-id': answer.headers.get('mcp-session-id')! };
    expect((await post(url, { jsonrpc: '2.0', id: 2, method: 'ping' }, session)).status).toBe(404);
    expect(await client.ping()).toEqual({});
  });

  it('refuses a foreign Host or Origin', async () => {
    const { url } = await endpointForTest();
    const { port } = new URL(url);
    const statusWith = async (headers: Record<string, string>) => {
      const sent = request({ host: '127.0.0.1', port, path: '/mcp', method: 'POST', headers }).end('{}');
      const [response] = (await once(sent, 'response')) as [{ statusCode: number; resume(): void }];
      response.resume();
      return response.statusCode;
    };
    expect(await statusWith({ host: 'evil.example' })).toBe(403);
    expect(await statusWith({ host: `localhost:${port}`, origin: 'http://evil.example' })).toBe(403);
    expect(await statusWith({ host: `localhost:${port}`, origin: `http://localhost:${port}` })).not.toBe(403);
  });

  it('keeps a notification for a client whose stream is not open', async () => {
    const { endpoint, url } = await endpointForTest({ coalesceMs: 1 });
    const opened = await post(url, initialize);
    await opened.text();
    const session = { 'mcp-session-id': opened.headers.get('mcp-session-id')! };
    await (await post(url, { jsonrpc: '2.0', method: 'notifications/initialized' }, session)).text();
    const uri = 'x://y';
    await (await post(url, { jsonrpc: '2.0', id: 2, method: 'resources/subscribe', params: { uri } }, session)).text();
    endpoint.resourceUpdated(uri);
    endpoint.resourceUpdated(uri);
    const controller = new AbortController();
    const stream = await fetch(`${url}/mcp`, {
      headers: { accept: 'text/event-stream', ...session },
      signal: controller.signal,
    });
    const { value } = await stream.body!.getReader().read();
    expect(new TextDecoder().decode(value)).toContain('"notifications/resources/updated","params":{"uri":"x://y"}');
    controller.abort();
  });

  it('tells at once that the list changed, and then no more often than it may', async () => {
    const { endpoint, url } = await endpointForTest({ coalesceMs: 1, listChangedMs: 2_000 });
    const { client, listChanged, updated } = await connectClient(url);
    await client.subscribeResource({ uri: 'x://y' });
    endpoint.resourceListChanged();
    await waitFor(() => listChanged() === 1);
    endpoint.resourceListChanged();
    endpoint.resourceListChanged();
    endpoint.resourceUpdated('x://y');
    await waitFor(() => updated.length === 1);
    expect(listChanged()).toBe(1);
    await waitFor(() => listChanged() === 2);
  });

  it('ends streams and sessions when it closes', async () => {
    const { endpoint, url, close } = await endpointForTest();
    await connectClient(url);
    await close();
    expect(endpoint.sessions).toBe(0);
  });
});

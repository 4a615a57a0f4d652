import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hasConformanceFixture, startConformanceFixture, type ServerUnderTest } from '@signalbox/testing/mcp-servers';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { FULL_CLIENT_CAPABILITIES } from '../../initialize.js';
import { connectUpstream } from '../connect.js';
import { CancelledError, DeadlineError, UpstreamClosedError, UpstreamProtocolError } from '../errors.js';
import type { ConnectOptions, Inbound, UpstreamConnection } from '../upstream.js';

const open: UpstreamConnection[] = [];
/** Long enough for a busy machine. */
const until = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 15_000, interval: 20 });
const servers: Server[] = [];
const soon = (ms = 10_000) => ({ deadline: Date.now() + ms });

async function connect(url: string, options: Partial<ConnectOptions> = {}, headers: Record<string, string> = {}) {
  const connection = await connectUpstream(
    { kind: 'http', url, headers },
    { clientInfo: { name: 'spec', version: '1' }, capabilities: FULL_CLIENT_CAPABILITIES, era: 'legacy', ...options },
  );
  open.push(connection);
  return connection;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

interface Exchange {
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly message: { id?: number; method?: string; params?: Record<string, unknown> } | undefined;
}

/** A server whose `answer` sees every exchange but the handshake; what it does not take gets 202 or 405. */
async function scripted(
  answer: (exchange: Exchange, response: ServerResponse) => boolean | void,
): Promise<{ url: string; seen: Exchange[] }> {
  const seen: Exchange[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const message = body === '' ? undefined : JSON.parse(body);
      const exchange = { method: request.method!, headers: request.headers, message };
      seen.push(exchange);
      if (message?.method === 'initialize') {
        response.setHeader('mcp-session-id', 's-1');
        const result = {
          protocolVersion: '2025-11-25',
          capabilities: {},
          serverInfo: { name: 's', version: '1' },
          more: 1,
        };
        return json(response, { jsonrpc: '2.0', id: message.id, result });
      }
      if (answer(exchange, response)) return;
      response.writeHead(request.method === 'POST' ? 202 : 405).end();
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp?x=1`, seen };
}

function json(response: ServerResponse, message: unknown, status = 200): true {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(message));
  return true;
}

function sse(response: ServerResponse, text: string): ServerResponse {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(text);
  return response;
}

describe('a Streamable HTTP server', () => {
  it('sees the headers that the transport asks for', async () => {
    const { url, seen } = await scripted(({ message }, response) =>
      message?.method === 'x' ? json(response, { jsonrpc: '2.0', id: message.id, result: {} }) : false,
    );
    const server = await connect(url, {}, { Authorization: 'Bearer t' });
    await server.request('x', {}, { ...soon(), headers: { traceparent: '00-a' } });
    expect(server.sessionId).toBe('s-1');
    expect(server.initialize['more']).toBe(1);
    const [first, initialized] = seen;
    expect(first!.headers).not.toHaveProperty('mcp-session-id');
    expect(initialized!.message!.method).toBe('notifications/initialized');
    const call = seen.find(({ message }) => message?.method === 'x')!;
    expect(call.headers).toMatchObject({
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-session-id': 's-1',
      'mcp-protocol-version': '2025-11-25',
      authorization: 'Bearer t',
      traceparent: '00-a',
    });
    await server.close();
    expect(seen.at(-1)).toMatchObject({ method: 'DELETE', headers: { 'mcp-session-id': 's-1' } });
  });

  it('answers with a JSON-RPC error, whatever the HTTP status', async () => {
    const { url } = await scripted(({ message }, response) => {
      if (!message?.method?.startsWith('e')) return false;
      const error = { code: 7, message: 'no', data: { a: 1 } };
      return json(response, { jsonrpc: '2.0', id: message.id, error }, Number(message.method.slice(1)));
    });
    const server = await connect(url);
    for (const method of ['e200', 'e400', 'e500']) {
      expect(await server.request(method, {}, soon())).toEqual({ error: { code: 7, message: 'no', data: { a: 1 } } });
    }
  });

  it('is not believed when it answers with something else', async () => {
    const { url } = await scripted(({ message }, response) => {
      if (message?.method === 'html') {
        response.writeHead(502).end('<h1>Bad gateway</h1>');
        return true;
      }
      if (message?.method === 'text') {
        response.writeHead(200).end('hello');
        return true;
      }
      if (message?.method === 'big')
        return json(response, { jsonrpc: '2.0', id: message.id, result: 'x'.repeat(5000) });
      if (message?.method === 'bigsse') return !!sse(response, `data: "${'x'.repeat(5000)}`);
      return false;
    });
    const server = await connect(url, { limits: { maxAnswerBytes: 2000 } });
    await expect(server.request('html', {}, soon())).rejects.toMatchObject({
      status: 502,
      message: expect.stringContaining('502'),
    });
    await expect(server.request('text', {}, soon())).rejects.toThrow('not JSON: hello');
    await expect(server.request('big', {}, soon())).rejects.toThrow('larger than 2000 bytes');
    await expect(server.request('bigsse', {}, soon())).rejects.toBeInstanceOf(UpstreamProtocolError);
    await expect(server.request('nothing', {}, soon())).rejects.toThrow('HTTP 202');
  });

  it('that has forgotten the session ends the connection; the request was not run', async () => {
    const { url } = await scripted(({ message }, response) =>
      message?.method === 'x' ? (response.writeHead(404).end(), true) : false,
    );
    const server = await connect(url);
    await expect(server.request('x', {}, soon())).rejects.toMatchObject({ message: 'session expired', sent: false });
    expect(await server.closed).toEqual({ reason: 'session expired' });
  });

  it('is told of a deadline and of a cancellation, and its streams are closed', async () => {
    const closed: string[] = [];
    const { url, seen } = await scripted(({ message }, response) => {
      if (message?.method !== 'slow') return false;
      response.on('close', () => closed.push(message.method!));
      return !!sse(response, ': wait\n\n');
    });
    const server = await connect(url);
    const options = soon();
    const cancelled = server.request('slow', {}, options);
    await until(() => expect(seen.some(({ message }) => message?.method === 'slow')).toBe(true));
    expect(server.cancel(options, 'user')).toBe(true);
    await expect(cancelled).rejects.toBeInstanceOf(CancelledError);
    await expect(server.request('slow', {}, soon(60))).rejects.toBeInstanceOf(DeadlineError);
    const told = () => seen.filter(({ message }) => message?.method === 'notifications/cancelled');
    await until(() => expect(told()).toHaveLength(2));
    expect(told()[0]!.message!.params).toEqual({ requestId: 2, reason: 'user' });
    await until(() => expect(closed).toHaveLength(2));
  });

  it('that ends a stream early is asked for the rest, after the time that it named', async () => {
    let came: { id: unknown; at: number }[] = [];
    let id: number | undefined;
    const { url } = await scripted(({ method, headers, message }, response) => {
      if (message?.method === 'x') {
        id = message.id;
        return !!sse(response, 'id: e1\nretry: 150\ndata:\n\n').end();
      }
      if (method !== 'GET' || headers['last-event-id'] === undefined) return false;
      came.push({ id: headers['last-event-id'], at: Date.now() });
      if (came.length === 1)
        return !!sse(
          response,
          'id: e2\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\n\n',
        ).end();
      return !!sse(response, `id: e3\ndata: ${JSON.stringify({ jsonrpc: '2.0', id, result: 'late' })}\n\n`).end();
    });
    const server = await connect(url);
    const heard: Inbound[] = [];
    const start = Date.now();
    expect(await server.request('x', {}, { ...soon(), onMessage: (m) => heard.push(m) })).toEqual({ result: 'late' });
    expect(came.map(({ id }) => id)).toEqual(['e1', 'e2']);
    expect(came[0]!.at - start).toBeGreaterThanOrEqual(140);
    expect(heard).toHaveLength(1);
    came = [];
  });

  it('that breaks off an answer it cannot resume fails the request as sent', async () => {
    const { url } = await scripted(({ message }, response) => {
      if (message?.method === 'x')
        return !!sse(response, 'data: {"jsonrpc":"2.0","method":"notifications/message"}\n\n').end();
      if (message?.method === 'cut') {
        response.destroy();
        return true;
      }
      return false;
    });
    const server = await connect(url);
    await expect(server.request('x', {}, soon())).rejects.toMatchObject({ name: 'UpstreamClosedError', sent: true });
    await expect(server.request('cut', {}, soon())).rejects.toMatchObject({ name: 'UpstreamClosedError', sent: true });
  });

  it('that refuses the connection has not seen the request', async () => {
    const { url } = await scripted(() => false);
    const server = await connect(url);
    for (const listening of servers.splice(0)) {
      listening.closeAllConnections();
      await new Promise((resolve) => listening.close(resolve));
    }
    // a kept-alive socket whose end has not been noticed yet takes one more request
    await until(() =>
      expect(server.request('x', {}, soon())).rejects.toMatchObject({ name: 'UpstreamClosedError', sent: false }),
    );
    await expect(connect(url)).rejects.toBeInstanceOf(UpstreamClosedError);
  });

  it('that speaks another revision is named with the revisions that are supported', async () => {
    const server = createServer((request, response) => {
      request
        .resume()
        .on('end', () => json(response, { jsonrpc: '2.0', id: 1, result: { protocolVersion: '1999-01-01' } }));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await expect(connect(url)).rejects.toThrow(/"1999-01-01"; supported are 2025-11-25, /);
  });

  it('may speak on its own stream, which is taken up again when it breaks off', async () => {
    const ids: unknown[] = [];
    const { url } = await scripted(({ method, headers }, response) => {
      if (method !== 'GET') return false;
      ids.push(headers['last-event-id']);
      const text = `id: g${ids.length}\nretry: 20\ndata: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n`;
      const stream = sse(response, text);
      return !!(ids.length < 3 ? stream.end() : stream);
    });
    const heard: Inbound[] = [];
    await connect(url, { onMessage: (message) => heard.push(message) });
    await until(() => expect(heard).toHaveLength(3));
    expect(ids).toEqual([undefined, 'g1', 'g2']);
  });
});

describe.skipIf(!hasConformanceFixture())('the conformance fixture over HTTP', () => {
  let fixture: ServerUnderTest;
  beforeAll(async () => {
    fixture = await startConformanceFixture();
  });
  afterAll(() => fixture.stop());

  it('keeps what it is told, and its answer stays as it was', async () => {
    const server = await connect(fixture.url);
    const echo = { name: 'fx_echo', arguments: { deep: { ä: [1, null] } }, _meta: { 'a/b': 'c' } };
    expect(await server.request('tools/call', echo, soon())).toMatchObject({
      result: {
        structuredContent: { args: { deep: { ä: [1, null] } }, meta: { 'a/b': 'c' } },
        _meta: { 'fixture.example/echo': 'kept' },
      },
    });
  });

  it('drops its stream and answers when we come back', async () => {
    const server = await connect(fixture.url);
    const outcome = await server.request('tools/call', { name: 'test_reconnection', arguments: {} }, soon());
    expect(outcome).toMatchObject({ result: { content: [{ text: 'Reconnection test completed' }] } });
  });

  it('logs, reports progress and samples in the stream of the call', async () => {
    const server = await connect(fixture.url);
    const heard: string[] = [];
    const call = (name: string, extra: object = {}) =>
      server.request(
        'tools/call',
        { name, arguments: {}, ...extra },
        {
          ...soon(),
          onMessage: (message) => {
            heard.push(message.method);
            if (!('id' in message)) return;
            const content = { type: 'text', text: 'Paris' };
            server.respond(message.id, { result: { role: 'assistant', content, model: 'm' } });
          },
        },
      );
    await call('test_tool_with_logging');
    await call('test_tool_with_progress', { _meta: { progressToken: 4 } });
    expect(await call('test_sampling', { arguments: { prompt: '?' } })).toMatchObject({
      result: { content: [{ text: 'LLM response: Paris' }] },
    });
    const of = (method: string) => heard.filter((one) => one === method).length;
    expect([of('notifications/message'), of('notifications/progress'), of('sampling/createMessage')]).toEqual([
      3, 3, 1,
    ]);
  });

  it('says on its own stream when a list or a resource changed', async () => {
    const heard: string[] = [];
    const server = await connect(fixture.url, { onMessage: (message) => heard.push(message.method) });
    await server.request('resources/subscribe', { uri: 'test://watched-resource' }, soon());
    await server.request('tools/call', { name: 'test_trigger_tool_change', arguments: {} }, soon());
    await server.request('tools/call', { name: 'fx_touch', arguments: {} }, soon());
    await until(() => expect(heard).toContain('notifications/resources/updated'));
    expect(heard).toContain('notifications/tools/list_changed');
  });

  it('is stopped in the middle of a call by a cancellation', async () => {
    const server = await connect(fixture.url);
    const options = soon();
    const call = server.request('tools/call', { name: 'fx_slow', arguments: { ms: 20_000 } }, options);
    await new Promise((resolve) => setTimeout(resolve, 100));
    server.cancel(options, 'enough');
    await expect(call).rejects.toBeInstanceOf(CancelledError);
    const stats = { name: 'fx_stats', arguments: {} };
    await until(async () =>
      expect(await server.request('tools/call', stats, soon())).toMatchObject({
        result: { structuredContent: { cancelled: 1 } },
      }),
    );
  });
});

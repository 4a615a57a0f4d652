import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExecuteCommand } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { startGateway, WireClient, type GatewayUnderTest } from '../../../test/gateway-under-test.js';
import { StatelessWireClient } from '../../../test/stateless-client.js';

const INFO = 'io.modelcontextprotocol/serverInfo';
let gateway: GatewayUnderTest;
let client: StatelessWireClient;
const commands: ExecuteCommand[] = [];
const cancelled: string[] = [];

beforeAll(async () => {
  gateway = await startGateway();
  await gateway.serve(
    's',
    {
      tools: [
        { name: 'echo' },
        { name: 'slow' },
        {
          name: 'mirrored',
          inputSchema: { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } },
        },
      ],
      prompts: [{ name: 'p' }],
      resources: [{ uri: 'x://a' }],
    },
    async (command, delivery) => {
      commands.push(command);
      const progressToken = command.requestId;
      switch (command.method) {
        case 'resources/read':
          return { ok: true, result: { contents: [{ uri: 'x://a', text: 'A' }] } };
        case 'prompts/get':
          return {
            ok: false,
            error: { code: -32002, message: 'no such resource', data: { uri: 'x://b' } },
            retryable: false,
          };
        default:
          if (command.call?.tool === 'slow') {
            await waitFor(() => cancelled.includes(command.requestId), { timeoutMs: 30_000 });
            return { ok: false, error: { code: -32000, message: 'cancelled' }, retryable: false };
          }
          delivery.part({
            kind: 'notification',
            method: 'notifications/message',
            params: { level: 'info', data: 'hi' },
          });
          delivery.part({
            kind: 'notification',
            method: 'notifications/progress',
            params: { progressToken, progress: 1 },
          });
          delivery.part({ kind: 'notification', method: 'notifications/tools/list_changed' });
          return { ok: true, result: { content: [], _meta: { own: 1 } } };
      }
    },
  );
  await gateway.ports.bus.consume({ name: 'heard', topics: ['control.executor'], exclusive: true }, ({ body }) => {
    const control = body as { kind: string; requestId: string };
    if (control.kind === 'cancel') cancelled.push(control.requestId);
    return 'ack';
  });
  client = new StatelessWireClient(`${gateway.url}/mcp`);
  await waitFor(async () => (await client.request('tools/list')).body.result.tools.length === 3);
});
afterAll(() => gateway.stop());

const call = (name: string, args: object = {}, options = {}) =>
  client.request('tools/call', { name, arguments: args }, options);

describe('a request without a session', () => {
  it('is answered, with what the revision demands of a result, and no session', async () => {
    const { status, headers, body } = await call('echo');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('mcp-session-id')).toBeNull();
    expect(body.result).toMatchObject({
      resultType: 'complete',
      content: [],
      _meta: { own: 1, 'io.signalbox/callId': expect.any(String), [INFO]: { name: 'signalbox' } },
    });
  });

  it('goes to the executor without its own metadata, which is in the client instead', async () => {
    const meta = { 'com.example/kept': 1, 'io.modelcontextprotocol/logLevel': 'info' };
    await call('echo', { a: 1 }, { meta });
    const { params, client: about } = commands.at(-1)!;
    expect(params).toEqual({ name: 'echo', arguments: { a: 1 }, _meta: { 'com.example/kept': 1 } });
    expect(about).toEqual({
      principal: 'anonymous',
      gateway: 'gateway-1',
      protocolVersion: '2026-07-28',
      capabilities: {},
      info: { name: 'wire', version: '1' },
      logLevel: 'info',
    });
  });

  it('is in the log as any call is', async () => {
    const { body } = await call('echo', { logged: true });
    const callId = body.result._meta['io.signalbox/callId'];
    const requested = (await gateway.events('tool.call.requested')).find(
      ({ data }) => (data as { callId: string }).callId === callId,
    );
    expect(requested?.data).toMatchObject({
      tool: 'echo',
      via: 'mcp',
      client: { name: 'wire' },
      arguments: { logged: true },
    });
    expect(requested?.data).not.toHaveProperty('sessionId');
  });

  it('becomes a stream with what it asked to hear of', async () => {
    const { headers, messages, body } = await call(
      'echo',
      {},
      { meta: { progressToken: 'mine', 'io.modelcontextprotocol/logLevel': 'debug' } },
    );
    expect(headers.get('content-type')).toBe('text/event-stream');
    expect(messages.map(({ method, params }) => [method, params])).toEqual([
      ['notifications/message', { level: 'info', data: 'hi' }],
      ['notifications/progress', { progressToken: 'mine', progress: 1 }],
    ]);
    expect(body.result.resultType).toBe('complete');
  });

  it('is cancelled when its connection is closed', async () => {
    const abort = new AbortController();
    const before = commands.length;
    const request = client.send('tools/call', { name: 'slow' }, { signal: abort.signal }).catch(() => undefined);
    await waitFor(() => commands.length > before);
    const { requestId } = commands.at(-1)!;
    abort.abort();
    await request;
    await waitFor(() => cancelled.includes(requestId));
  });

  it('gets what is about it and nothing else, whatever ids and tokens others have', async () => {
    const clients = Array.from({ length: 8 }, () => new StatelessWireClient(client.url));
    const replies = await Promise.all(
      clients.map((one, index) =>
        one.request('tools/call', { name: 'echo', arguments: { index } }, { meta: { progressToken: 1 } }),
      ),
    );
    const callIds = replies.map(({ body }) => body.result._meta['io.signalbox/callId']);
    expect(new Set(callIds).size).toBe(clients.length);
    for (const { messages, body } of replies) {
      expect(body.id).toBe(1);
      expect(messages.map(({ params }) => params)).toEqual([{ progressToken: 1, progress: 1 }]);
    }
  });

  it('reads a resource with what there is to say about keeping it', async () => {
    const { body } = await client.request('resources/read', { uri: 'x://a' });
    expect(body.result).toMatchObject({ ttlMs: 0, cacheScope: 'private', contents: [{ text: 'A' }] });
  });

  it('lists with what there is to say about keeping them', async () => {
    for (const list of ['tools', 'prompts', 'resources', 'resources/templates']) {
      const { body } = await client.request(`${list}/list`);
      expect(body.result).toMatchObject({
        resultType: 'complete',
        ttlMs: expect.any(Number),
        cacheScope: 'private',
        _meta: { [INFO]: { name: 'signalbox' } },
      });
    }
  });

  it('never gets an error code that only older revisions have', async () => {
    expect((await client.request('prompts/get', { name: 'p' })).body.error).toMatchObject({
      code: -32602,
      data: { uri: 'x://b' },
    });
    expect((await client.request('resources/read', { uri: 'none://x' })).body.error.code).toBe(-32602);
  });
});

describe('what is refused', () => {
  it.each(['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe', 'nonsense'])(
    '%s is not a method of this revision',
    async (method) => {
      const { status, body } = await client.request(method, { level: 'info', uri: 'x://a' });
      expect(status).toBe(404);
      expect(body).toMatchObject({ id: expect.any(Number), error: { code: -32601 } });
    },
  );

  it.each([
    [{ 'mcp-name': 'other' }, -32020],
    [{ 'mcp-method': undefined }, -32020],
    [{ 'mcp-protocol-version': '2025-11-25' }, -32020],
  ])('headers %j are answered %i', async (headers, code) => {
    const { status, body } = await call('echo', {}, { headers });
    expect(status).toBe(400);
    expect(body.error.code).toBe(code);
  });

  it('a revision that is not spoken is told which are', async () => {
    const { status, body } = await client.request(
      'server/discover',
      {},
      {
        meta: { 'io.modelcontextprotocol/protocolVersion': '2099-01-01' },
        headers: { 'mcp-protocol-version': '2099-01-01' },
      },
    );
    expect(status).toBe(400);
    expect(body.error).toMatchObject({
      code: -32022,
      data: { requested: '2099-01-01', supported: expect.arrayContaining(['2026-07-28', '2025-11-25']) },
    });
  });

  it('arguments that a header must repeat are compared with it', async () => {
    const withHeader = (value: string | undefined) =>
      call('mirrored', { region: 'é' }, { headers: { 'mcp-param-region': value } });
    expect((await withHeader('=?base64?w6k=?=')).status).toBe(200);
    for (const value of [undefined, 'e', '=?base64?!?=']) {
      const { status, body } = await withHeader(value);
      expect([status, body.error.code]).toEqual([400, -32020]);
    }
  });

  it('not the headers of this revision, for pages of origins that may call', async () => {
    const response = await fetch(client.url, {
      method: 'OPTIONS',
      headers: {
        origin: 'http://localhost:6274',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'mcp-method, mcp-name, mcp-param-region, x-other',
      },
    });
    const allowed = response.headers.get('access-control-allow-headers')!.split(', ');
    expect(allowed).toEqual(expect.arrayContaining(['mcp-method', 'mcp-name', 'mcp-param-region']));
    expect(allowed).not.toContain('x-other');
  });

  it.each(['GET', 'DELETE'])('%s', async (method) => {
    const response = await fetch(client.url, {
      method,
      headers: { accept: 'text/event-stream', 'mcp-protocol-version': '2026-07-28' },
    });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });

  it('responses; notifications are taken and mean nothing', async () => {
    const post = (message: object) =>
      new WireClient(client.url).post(message, { 'mcp-protocol-version': '2026-07-28' });
    expect((await post({ jsonrpc: '2.0', id: 1, result: {} })).status).toBe(400);
    expect((await post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: {} })).status).toBe(202);
  });

  it('server/discover in a session', async () => {
    const session = new WireClient(client.url);
    await session.initialize();
    expect((await session.request('server/discover')).body.error.code).toBe(-32601);
  });
});

describe('server/discover', () => {
  it('says what there is, and which revisions', async () => {
    const { body } = await client.request('server/discover');
    expect(body.result).toMatchObject({
      resultType: 'complete',
      supportedVersions: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'],
      capabilities: { tools: { listChanged: true }, resources: { subscribe: true } },
      ttlMs: expect.any(Number),
      cacheScope: 'private',
      _meta: { [INFO]: { name: 'signalbox', version: '0.0.0-test' } },
    });
  });

  it('of one server: that server', async () => {
    const scoped = new StatelessWireClient(`${gateway.url}/servers/s/mcp`);
    expect((await scoped.request('server/discover')).body.result.capabilities).toEqual({
      extensions: { 'io.modelcontextprotocol/tasks': {} },
    });
    expect((await scoped.request('tools/list')).body.result.tools[0].name).toBe('echo');
    expect((await new StatelessWireClient(`${gateway.url}/servers/none/mcp`).request('tools/list')).status).toBe(404);
  });
});

describe('a request that takes long', () => {
  it('is answered as a stream that is kept alive', async () => {
    const patient = await startGateway({ gateway: { streams: { keepAliveMs: 100 } } });
    try {
      const answered = Promise.withResolvers<void>();
      await patient.serve('s', { tools: [{ name: 'slow' }] }, async () => {
        await answered.promise;
        return { ok: true, result: { content: [] } };
      });
      const caller = new StatelessWireClient(`${patient.url}/mcp`);
      await waitFor(async () => (await caller.request('tools/list')).body.result.tools.length === 1);
      const response = await caller.send('tools/call', { name: 'slow' });
      expect(response.headers.get('content-type')).toBe('text/event-stream');
      const reader = response.body!.getReader();
      expect(new TextDecoder().decode((await reader.read()).value)).toMatch(/^: keep-alive\n\n/);
      answered.resolve();
      let rest = '';
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        rest += new TextDecoder().decode(part.value);
      }
      expect(rest).toContain('"resultType":"complete"');
    } finally {
      await patient.stop();
    }
  });
});

import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { freePort, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type GatewayUnderTest } from '../../../test/gateway-under-test.js';

let gateway: GatewayUnderTest;
let backend: Server;

beforeAll(async () => {
  gateway = await startGateway({ gateway: { calls: { deadlineMs: 300 } } });
  const tool = (name: string, description = '') => ({ name, description, inputSchema: { type: 'object' } });
  await gateway.serve(
    'a',
    { tools: [tool('add', 'Adds two numbers'), tool('fail'), tool('hang')] },
    ({ call, params }) => {
      if (call!.tool === 'hang') return undefined as never;
      if (call!.tool === 'fail')
        return { ok: false, error: { code: -32602, message: 'bad', data: 1 }, retryable: false };
      return { ok: true, result: { content: [], got: params!['arguments'] } };
    },
  );
  await gateway.serve('b', { tools: [tool('add')] });
  await waitFor(async () => (await request(gateway.url).get('/tools')).body.tools.length === 4);
  backend = createServer((incoming, answer) => {
    if (incoming.url === '/resources/broken') return void incoming.socket.destroy();
    let text = '';
    incoming.on('data', (chunk: Buffer) => (text += chunk.toString()));
    incoming.on('end', () => {
      answer.writeHead(201, {
        etag: '"1"',
        'x-seen': String(incoming.headers['x-signalbox-principal']),
        connection: 'close',
      });
      answer.end(
        JSON.stringify({ method: incoming.method, url: incoming.url, text, auth: incoming.headers.authorization }),
      );
    });
  }).listen(0, '127.0.0.1');
  await once(backend, 'listening');
});
afterAll(async () => {
  await gateway.stop();
  backend.close();
});

describe('GET /tools', () => {
  it('filters by server and by words, and pages', async () => {
    const named = async (query: object): Promise<string[]> =>
      (await request(gateway.url).get('/tools').query(query).expect(200)).body.tools.map(
        (one: { name: string }) => one.name,
      );
    expect(await named({ server: 'b' })).toEqual(['b__add']);
    expect(await named({ query: 'TWO adds' })).toEqual(['a__add']);
    const first = await request(gateway.url).get('/tools').query({ limit: 3 });
    expect(first.body.tools).toHaveLength(3);
    const second = await request(gateway.url).get('/tools').query({ limit: 3, cursor: first.body.next });
    expect(second.body.tools.map((one: { name: string }) => one.name)).toEqual(['b__add']);
    expect(second.body.next).toBeNull();
    expect(second.body.tools[0]).toMatchObject({ server: 'b', tool: 'add', available: true, safetyClass: 'unsafe' });
  });

  it.each([{ limit: 0 }, { cursor: 'nonsense' }, { sever: 'a' }])('refuses %j with a problem', async (query) => {
    const response = await request(gateway.url).get('/tools').query(query).expect(400);
    expect(response.headers['content-type']).toContain('application/problem+json');
    expect(response.body.detail).toContain(Object.keys(query)[0]);
  });
});

describe('POST /tools/:name/call', () => {
  it.each([
    ['wrapped', { arguments: { x: 1 } }, { x: 1 }],
    ['plain', { x: 1 }, { x: 1 }],
    ['plain with a parameter called arguments', { arguments: { x: 1 }, y: 2 }, { arguments: { x: 1 }, y: 2 }],
    ['none', undefined, {}],
  ])('takes arguments %s', async (_name, body, got) => {
    const response = await request(gateway.url).post('/tools/a__add/call').send(body).expect(200);
    expect(response.body).toMatchObject({ callId: expect.any(String), result: { got } });
    expect(response.body.result._meta['io.signalbox/callId']).toBe(response.body.callId);
  });

  it.each([
    ['add', 404, { nearest: expect.arrayContaining(['a__add']) }],
    ['a__fail', 400, { error: { code: -32602, message: 'bad', data: 1 }, callId: expect.any(String) }],
    ['b__add', 503, { error: { code: -32010 }, callId: expect.any(String) }],
    ['a__hang', 504, { callId: expect.any(String) }],
  ])('%s is %i', async (name, status, problem) => {
    const response = await request(gateway.url).post(`/tools/${name}/call`).send({}).expect(status);
    expect(response.headers['content-type']).toContain('application/problem+json');
    expect(response.body).toMatchObject({ status, ...problem });
  });

  it('refuses malformed bodies', async () => {
    for (const body of ['{"a":', '[1]', '"text"']) {
      const sent = request(gateway.url).post('/tools/a__add/call').set('content-type', 'application/json').send(body);
      expect((await sent).status).toBe(400);
    }
    await request(gateway.url).post('/tools/a__add/call').send({ arguments: {}, timeoutMs: -1 }).expect(400);
  });
});

describe('/resources', () => {
  it('is 503 while no resource-service is up', async () => {
    const response = await request(gateway.url).get('/resources/notes').expect(503);
    expect(response.headers['content-type']).toContain('application/problem+json');
    expect(response.body).toMatchObject({ status: 503, retryable: true });
  });

  it('passes bodies, statuses and headers in both directions', async () => {
    const now = Date.now();
    await gateway.ports.directory.register({
      id: 'resource-service-1',
      serviceName: 'resource-service',
      host: '127.0.0.1',
      port: (backend.address() as AddressInfo).port,
      status: 'UP',
      role: 'worker',
      capacity: { maxConcurrentRequests: 1, currentLoad: 0 },
      features: [],
      tags: [],
      metadata: {},
      registrationTime: now,
      lastUpdateTime: now,
    });
    const response = await request(gateway.url)
      .put('/resources/notes/1?x=%20y')
      .set('authorization', 'Bearer secret')
      .send({ a: 1 })
      .expect(201);
    expect(JSON.parse(response.text)).toEqual({ method: 'PUT', url: '/resources/notes/1?x=%20y', text: '{"a":1}' });
    expect(response.headers).toMatchObject({ etag: '"1"', 'x-seen': 'anonymous' });
    expect((await request(gateway.url).get('/resources/broken')).status).toBe(502);
  });

  it('uses one that the directory takes for ill rather than none, and says when it is not reached', async () => {
    const { directory } = gateway.ports;
    const [instance] = await directory.getInstances('resource-service');
    await directory.register({ ...instance!, status: 'DOWN' });
    await waitFor(async () => (await directory.getInstances('resource-service'))[0]?.status === 'DOWN');
    expect((await request(gateway.url).put('/resources/notes/2').send({})).status).toBe(201);
    await directory.register({ ...instance!, status: 'DOWN', port: await freePort() });
    const response = await waitFor(async () => {
      const answer = await request(gateway.url).get('/resources/notes');
      return answer.status === 503 && answer;
    });
    expect(response.body).toMatchObject({ status: 503, retryable: true });
  });
});

it('describes itself', async () => {
  const { body } = await request(gateway.url).get('/openapi.json').expect(200);
  expect(Object.keys(body.paths)).toEqual(
    expect.arrayContaining(['/tools', '/tools/{name}/call', '/resources/{collection}/{id}']),
  );
});

it('counts calls', async () => {
  const { text } = await request(gateway.url).get('/metrics').expect(200);
  expect(text).toMatch(/signalbox_tool_calls_total\{[^}]*tool="add"[^}]*result="ok"[^}]*\} \d/);
  expect(text).toContain('signalbox_mcp_sessions');
});

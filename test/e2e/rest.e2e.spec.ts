import { runSignalbox, toolsOf, type RunningSignalbox } from '@signalbox/testing';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everything } from './support/servers.js';

describe('every HTTP endpoint, as curl would ask', () => {
  let signalbox: RunningSignalbox;
  beforeAll(async () => {
    signalbox = await runSignalbox({ config: { mcpServers: { everything } } });
    await toolsOf(signalbox, 'everything');
  });
  afterAll(() => signalbox?.[Symbol.asyncDispose]());

  it('calls a tool over REST', async () => {
    const gateway = request(signalbox.gateway);
    const { body } = await gateway
      .post('/tools/everything__echo/call')
      .send({ arguments: { message: 'rest' } })
      .expect(200);
    expect(body.result.content[0].text).toBe('Echo: rest');
    await request(signalbox.monitor).get(`/calls/${body.callId}`).expect(200);
    const unknown = await gateway.post('/tools/everything__ecko/call').send({}).expect(404);
    expect(unknown.body.detail).toMatch('everything__echo');
  });

  it('keeps documents with versions behind the gateway', async () => {
    const gateway = request(signalbox.gateway);
    const created = await gateway.post('/resources/users').send({ name: 'Ada', age: 36 }).expect(201);
    const location = created.headers.location as string;
    const first = await gateway.get(location).expect(200);
    await gateway.put(location).set('if-match', first.headers.etag!).send({ name: 'Ada', age: 37 }).expect(200);
    await gateway.put(location).set('if-match', first.headers.etag!).send({ name: 'Ada', age: 99 }).expect(412);
    const found = await gateway
      .get('/resources/users')
      .query({ filter: JSON.stringify({ age: { $gte: 37 } }) })
      .expect(200);
    expect(found.body.data).toHaveLength(1);
    const bad = await gateway
      .get('/resources/users')
      .query({ filter: JSON.stringify({ age: { $where: '1' } }) })
      .expect(400);
    expect(bad.body.detail).toMatch(/\$where/);
    await gateway.delete(location).expect((answer) => expect([200, 204]).toContain(answer.status));
    await gateway.get(location).expect(404);
  });

  it('registers and finds services', async () => {
    const registry = request(signalbox.registry);
    const instance = {
      id: 'billing-1',
      serviceName: 'billing',
      host: '127.0.0.1',
      port: 9000,
      metadata: { zone: 'a' },
    };
    const created = await registry.post('/services').send(instance).expect(201);
    expect(created.body.success).toBe(true);
    const found = await registry
      .get('/services')
      .query({ serviceName: 'billing', metadata: '{"zone":"a"}' })
      .expect(200);
    expect(found.body.data).toMatchObject([{ id: 'billing-1' }]);
    expect((await registry.get('/services/billing').expect(200)).body.data).toHaveLength(1);
    await registry.delete('/services/billing-1').expect(200);
    expect((await registry.get('/services/billing').expect(200)).body.data).toHaveLength(0);
    await registry.post('/services').send({ id: 'x' }).expect(400);
  });

  it('watches a service as a stream of events', async () => {
    const abort = new AbortController();
    const answer = await fetch(`${signalbox.registry}/services/gateway/watch`, { signal: abort.signal });
    expect(answer.headers.get('content-type')).toMatch('text/event-stream');
    const { value } = await answer.body!.getReader().read();
    expect(new TextDecoder().decode(value)).toMatch('gateway-1');
    abort.abort();
  });

  it.each([
    ['gateway', ['/tools', '/health/live', '/health/ready', '/metrics', '/openapi.json']],
    ['registry', ['/services', '/servers', '/cluster', '/health/live', '/health/ready', '/metrics', '/openapi.json']],
    ['executor', ['/pools', '/calls/running', '/health/live', '/health/ready', '/metrics', '/openapi.json']],
    ['resources', ['/health/live', '/health/ready', '/metrics', '/openapi.json']],
    [
      'monitor',
      ['/', '/events', '/calls', '/audit/verify', '/dead-letters', '/health/ready', '/metrics', '/openapi.json'],
    ],
  ] as const)('%s answers', async (service, paths) => {
    for (const path of paths) await request(signalbox[service]).get(path).expect(200);
  });

  it.each([
    ['malformed JSON', '{"jsonrpc":', 400, -32700],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', 400, -32600],
    ['a body that is no request', '{"hello":"world"}', 400, -32600],
    ['a body over 4 MiB', `{"x":"${'x'.repeat(4 << 20)}"}`, 413, undefined],
  ])('refuses %s at /mcp', async (_name, body, status, code) => {
    const answer = await request(signalbox.gateway)
      .post('/mcp')
      .set('content-type', 'application/json')
      .set('accept', 'application/json, text/event-stream')
      .send(body);
    expect(answer.status).toBe(status);
    if (code !== undefined) expect(answer.body.error.code).toBe(code);
  });

  it('refuses a foreign Host and a foreign Origin', async () => {
    await request(signalbox.gateway).get('/mcp').set('host', 'evil.example').expect(403);
    await request(signalbox.gateway).get('/mcp').set('origin', 'http://evil.example').expect(403);
  });
});

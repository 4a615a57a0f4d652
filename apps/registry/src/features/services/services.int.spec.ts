import { describe, expect, it } from 'vitest';
import { registryForTest } from '../../../test/running-service.js';

const WORKER = { serviceName: 'painter', host: '127.0.0.1', port: 4001 };

describe('POST /services', () => {
  it('registers an instance and fills in what was left open', async () => {
    const { http } = await registryForTest();
    const before = Date.now();
    const { body } = await http.post('/services').send(WORKER).expect(201);
    expect(body).toEqual({
      success: true,
      data: {
        ...WORKER,
        id: expect.stringMatching(/^painter-[0-9A-Z]{26}$/),
        status: 'UP',
        role: 'worker',
        capacity: { maxConcurrentRequests: 100, currentLoad: 0 },
        features: [],
        tags: [],
        metadata: {},
        registrationTime: expect.any(Number),
        lastUpdateTime: expect.any(Number),
      },
    });
    expect(body.data.registrationTime).toBeGreaterThanOrEqual(before);
    const read = await http.get('/services/painter').expect(200);
    expect(read.body).toEqual({ success: true, data: [body.data] });
  });

  it('keeps everything that was said', async () => {
    const { http } = await registryForTest();
    const instance = {
      ...WORKER,
      id: 'painter-1',
      status: 'OUT_OF_SERVICE',
      role: 'specialized',
      capacity: { maxConcurrentRequests: 7, currentLoad: 3 },
      features: ['oil'],
      tags: ['mcp', 'art'],
      metadata: { zone: 'a' },
      registrationTime: 1_700_000_000_000,
    };
    const { body } = await http.post('/services').send(instance).expect(201);
    expect(body.data).toEqual({ ...instance, lastUpdateTime: expect.any(Number) });
  });

  it('replaces an instance that is known', async () => {
    const { http } = await registryForTest();
    const first = await http
      .post('/services')
      .send({ ...WORKER, id: 'p', port: 1 })
      .expect(201);
    const second = await http
      .post('/services')
      .send({ ...WORKER, id: 'p', port: 2 })
      .expect(201);
    expect(second.body.data.registrationTime).toBe(first.body.data.registrationTime);
    const { body } = await http.get('/services/painter').expect(200);
    expect(body.data).toMatchObject([{ id: 'p', port: 2 }]);
  });

  it('writes the registration to the log', async () => {
    const { http, ports } = await registryForTest();
    await http
      .post('/services')
      .send({ ...WORKER, id: 'p' })
      .expect(201);
    const { items } = await ports.events.find({ type: 'service.registered' });
    expect(items.map(({ event }) => (event.data as { instance: { id: string } }).instance.id)).toContain('p');
  });

  it.each([
    ['no body', undefined, ''],
    ['a missing port', { serviceName: 'x', host: 'h' }, 'port:'],
    ['a port out of range', { ...WORKER, port: 70_000 }, 'port:'],
    ['an unknown status', { ...WORKER, status: 'HAPPY' }, 'status:'],
    ['an unknown role', { ...WORKER, role: 'boss' }, 'role:'],
    ['an unknown field', { ...WORKER, colour: 'red' }, 'colour'],
    ['metadata that is no string', { ...WORKER, metadata: { version: 1 } }, 'metadata.version:'],
    ['a health check that is no HTTP', { ...WORKER, healthCheckUrl: 'file:///etc/passwd' }, 'healthCheckUrl:'],
    ['an id with a slash', { ...WORKER, id: 'a/b' }, 'id:'],
    ['an id that no path has room for', { ...WORKER, id: 'x'.repeat(101) }, 'id:'],
    ['a service name with a slash', { ...WORKER, serviceName: 'a/b' }, 'serviceName:'],
    ['a capacity of nothing', { ...WORKER, capacity: { maxConcurrentRequests: 0 } }, 'capacity.maxConcurrentRequests:'],
  ])('refuses %s and names it', async (_, body, named) => {
    const { http } = await registryForTest();
    const answer = await http.post('/services').send(body).expect(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body.detail).toContain(named);
  });

  it('refuses JSON that is none', async () => {
    const { http } = await registryForTest();
    const answer = await http.post('/services').set('content-type', 'application/json').send('{"a":').expect(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  it('has room for so many instances, and for changes to those it has', async () => {
    const { http } = await registryForTest({ section: { services: { maxInstances: 2 } } });
    await http
      .post('/services')
      .send({ ...WORKER, id: 'p' })
      .expect(201);
    const full = await http
      .post('/services')
      .send({ ...WORKER, id: 'q' })
      .expect(503);
    expect(full.body.detail).toContain('at most 2');
    await http
      .post('/services')
      .send({ ...WORKER, id: 'p', port: 2 })
      .expect(201);
  });
});

describe('DELETE /services/:instanceId', () => {
  it('takes an instance out', async () => {
    const { http } = await registryForTest();
    await http
      .post('/services')
      .send({ ...WORKER, id: 'p' })
      .expect(201);
    const { body } = await http.delete('/services/p').expect(200);
    expect(body).toEqual({ success: true, data: { id: 'p' } });
    expect((await http.get('/services/painter').expect(200)).body.data).toEqual([]);
  });

  it('answers 404 when there is none', async () => {
    const { http } = await registryForTest();
    const answer = await http.delete('/services/nobody').expect(404);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ status: 404, instanceId: 'nobody' });
  });
});

describe('GET /services', () => {
  it.each([
    ['', 'pqr'],
    ['serviceName=painter', 'pq'],
    ['status=DOWN', 'q'],
    ['role=master', 'r'],
    ['tags=art', 'pr'],
    ['tags=art,oil', 'p'],
    ['tags=art&tags=oil', 'p'],
    ['metadata={"zone":"a"}', 'pq'],
    ['metadata.zone=a&metadata.shift=night', 'q'],
    ['serviceName=painter&metadata={"zone":"a"}&status=UP', 'p'],
    ['serviceName=nobody', ''],
  ])('finds by ?%s', async (query, ids) => {
    const { http } = await registryForTest();
    const register = (instance: object) =>
      http
        .post('/services')
        .send({ ...WORKER, ...instance })
        .expect(201);
    await register({ id: 'p', tags: ['art', 'oil'], metadata: { zone: 'a' } });
    await register({ id: 'q', status: 'DOWN', metadata: { zone: 'a', shift: 'night' } });
    await register({ id: 'r', serviceName: 'sculptor', role: 'master', tags: ['art'] });
    const { body } = await http.get(`/services?${query}`).expect(200);
    const found = (body.data as { id: string }[]).map(({ id }) => id).filter((id) => id.length === 1);
    expect(found.sort().join('')).toBe(ids);
  });

  it('shows the registry itself, with its health check', async () => {
    const { http, service } = await registryForTest();
    const { body } = await http.get('/services?serviceName=registry').expect(200);
    expect(body.data).toMatchObject([
      {
        id: 'registry-1',
        status: 'UP',
        healthCheckUrl: `${service.url}/health/ready`,
        metadata: { version: '0.0.0-test' },
      },
    ]);
  });

  it.each([
    ['metadata={zone:a}', 'metadata: not JSON'],
    ['metadata=[]', 'metadata: must be a JSON object'],
    ['status=HAPPY', 'status:'],
    ['colour=red', 'colour'],
  ])('refuses ?%s and names it', async (query, named) => {
    const { http } = await registryForTest();
    const answer = await http.get(`/services?${query}`).expect(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body.detail).toContain(named);
  });
});

describe('GET /services/:serviceName', () => {
  it('knows no instances of a service that nobody registered', async () => {
    const { http } = await registryForTest();
    expect((await http.get('/services/nobody').expect(200)).body).toEqual({ success: true, data: [] });
  });
});

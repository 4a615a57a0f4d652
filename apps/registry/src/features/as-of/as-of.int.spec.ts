import { API_SOURCE, createEvent } from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { registryForTest } from '../../../test/running-service.js';

/** A moment that is after all that has happened, and before all that will. */
async function moment(): Promise<string> {
  const now = Date.now();
  await waitFor(() => Date.now() > now + 1);
  return new Date(now + 1).toISOString();
}

const WORKER = { serviceName: 'painter', host: '127.0.0.1', port: 4_001 };

describe('services as of a moment', () => {
  it('are those that were registered then, by the criteria that held then', async () => {
    const { http } = await registryForTest();
    const before = await moment();
    await http
      .post('/services')
      .send({ ...WORKER, id: 'p', tags: ['oil'], metadata: { zone: 'a' } })
      .expect(201);
    const first = await moment();
    await http
      .post('/services')
      .send({ ...WORKER, id: 'p', tags: ['ink'], status: 'DOWN', metadata: { zone: 'b' } })
      .expect(201);
    const second = await moment();
    await http.delete('/services/p').expect(200);
    const find = async (query: string) => {
      const { body } = await http.get(`/services?serviceName=painter&${query}`).expect(200);
      return body.data.map(({ status, tags, metadata }: never) => ({ status, tags, metadata }));
    };
    const painter = { status: 'UP', tags: ['oil'], metadata: { zone: 'a' } };
    const changed = { status: 'DOWN', tags: ['ink'], metadata: { zone: 'b' } };
    expect(await find('')).toEqual([]);
    expect(await find(`asOf=${before}`)).toEqual([]);
    expect(await find(`asOf=${first}`)).toEqual([painter]);
    expect(await find(`asOf=${second}`)).toEqual([changed]);
    expect(await find(`asOf=${second}&tags=oil`)).toEqual([]);
    expect(await find(`asOf=${second}&metadata.zone=b&status=DOWN`)).toEqual([changed]);
    const { body } = await http.get(`/services/painter?asOf=${first}`).expect(200);
    expect(body.data).toMatchObject([painter]);
  });

  it('make the cluster of that moment', async () => {
    const { http } = await registryForTest();
    await http
      .post('/services')
      .send({ ...WORKER, id: 'p', role: 'master', features: ['oil'] })
      .expect(201);
    const then = await moment();
    await http.delete('/services/p').expect(200);
    const now = await http.get('/cluster').expect(200);
    expect(now.body.data.services.painter).toBeUndefined();
    const past = await http.get(`/cluster?asOf=${then}`).expect(200);
    expect(past.body.data.services.painter).toMatchObject({ instances: 1, up: 1, maxConcurrentRequests: 100 });
    expect(past.body.data.instances).toContainEqual(
      expect.objectContaining({ id: 'p', role: 'master', features: ['oil'] }),
    );
  });
});

describe('servers as of a moment', () => {
  it('have the definition, state and tools that they had', async () => {
    const { http, ports } = await registryForTest();
    const define = (url: string) => ({ definition: { url }, who: 'ada' });
    await http.put('/servers/web').send(define('http://127.0.0.1:1/mcp')).expect(201);
    await ports.events.append({
      stream: 'executors-web',
      expectedVersion: 'any',
      events: [
        createEvent('catalogue.changed', {
          server: 'web',
          tools: [{ name: 'paint' }],
          prompts: [],
          resources: [],
          resourceTemplates: [],
          definitionHashes: { paint: 'x' },
        }),
      ],
      commitId: 'c',
      metadata: { actor: 'tool-executor-1', correlationId: 'c' },
    });
    const first = await moment();
    await http.put('/servers/web').send(define('http://127.0.0.1:2/mcp')).expect(200);
    await http.post('/servers/web/quarantine').send({ who: 'ada' }).expect(202);
    const second = await moment();
    await http.delete('/servers/web?who=ada').expect(200);
    expect((await http.get('/servers').expect(200)).body.data).toEqual([]);
    const at = async (time: string) => (await http.get(`/servers?asOf=${time}`).expect(200)).body.data;
    expect(await at(first)).toMatchObject([
      {
        name: 'web',
        state: 'registered',
        source: API_SOURCE,
        definition: { url: 'http://127.0.0.1:1/mcp' },
        tools: [{ name: 'paint', safetyClass: 'unsafe' }],
      },
    ]);
    expect(await at(second)).toMatchObject([
      { state: 'quarantined', definition: { url: 'http://127.0.0.1:2/mcp' }, tools: [{ name: 'paint' }] },
    ]);
    const { body } = await http.get(`/servers/web?asOf=${first}`).expect(200);
    expect(body.data).toMatchObject({ name: 'web', state: 'registered' });
    await http.get('/servers/web?asOf=2001-01-01T00:00:00Z').expect(404);
  });
});

describe('asOf', () => {
  it.each(['/services', '/services/x', '/servers', '/cluster'])(
    '%s refuses what is no time that has been',
    async (path) => {
      const { http } = await registryForTest();
      const wrong = await http.get(`${path}?asOf=yesterday`).expect(400);
      expect(wrong.body.detail).toContain('asOf: yesterday is no RFC 3339 time such as');
      const future = await http.get(`${path}?asOf=2999-01-01T00:00:00Z`).expect(400);
      expect(future.body.detail).toBe('asOf: 2999-01-01T00:00:00Z has not come yet');
    },
  );

  it('takes times with an offset', async () => {
    const { http } = await registryForTest();
    await http.get('/services?asOf=2001-01-01T02:00:00%2B02:00').expect(200);
  });

  it('reads no more of the log than it may', async () => {
    const { http } = await registryForTest({ section: { asOf: { maxEvents: 1 } } });
    await http
      .post('/services')
      .send({ ...WORKER, id: 'p' })
      .expect(201);
    const { body } = await http.get(`/services?asOf=${await moment()}`).expect(422);
    expect(body.detail).toContain('signalbox.registry.asOf.maxEvents');
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startResourceService, type RunningForTest } from '../../../test/running-service.js';

let running: RunningForTest;
beforeAll(async () => {
  running = await startResourceService();
  const { http } = running;
  await http.put('/resources/notes/a').send({ n: 1 }).expect(201);
  await http.put('/resources/notes/a').send({ n: 2 }).expect(200);
  await http.delete('/resources/notes/a').expect(200);
  await http.put('/resources/notes/a').send({ n: 4 }).expect(201);
});
afterAll(() => running.close());
const get = (path: string) => running.http.get(`/resources/notes/${path}`);

describe('GET /resources/:collection/:id/versions', () => {
  it('lists all versions with when and what', async () => {
    const { body } = await get('a/versions').expect(200);
    expect(body).toMatchObject({ success: true, next: null });
    expect(body.data).toMatchObject([
      { version: 1, change: 'created', actor: 'resource-service-1', time: expect.any(String) },
      { version: 2, change: 'updated' },
      { version: 3, change: 'deleted' },
      { version: 4, change: 'created' },
    ]);
  });

  it('pages', async () => {
    const first = await get('a/versions?limit=3').expect(200);
    expect(first.body.next).toBe(3);
    const second = await get(`a/versions?limit=3&after=${first.body.next}`).expect(200);
    expect(second.body).toMatchObject({ data: [{ version: 4 }], next: null });
    expect((await get('a/versions?after=4').expect(200)).body).toMatchObject({ data: [], next: null });
  });

  it('answers 404 when there never was such a document', async () => {
    await get('none/versions').expect(404);
    await get('none/versions?after=3').expect(404);
  });

  it.each(['after=-1', 'limit=0', 'limit=1001', 'limit=x', 'page=1'])('refuses ?%s', async (query) => {
    const answer = await get(`a/versions?${query}`).expect(400);
    expect(answer.body.detail).toContain(query.split('=')[0]);
  });
});

describe('GET /resources/:collection/:id/versions/:version', () => {
  it('is the document as it was', async () => {
    const answer = await get('a/versions/2').expect(200);
    expect(answer.headers['etag']).toBe('"v2"');
    expect(answer.body.data).toMatchObject({
      collection: 'notes',
      id: 'a',
      version: 2,
      change: 'updated',
      document: { n: 2 },
    });
  });

  it('says that a version is a deletion', async () => {
    const { body } = await get('a/versions/3').expect(200);
    expect(body.data).toMatchObject({ version: 3, change: 'deleted' });
    expect(body.data).not.toHaveProperty('document');
  });

  it.each([
    ['a/versions/5', 404],
    ['none/versions/1', 404],
    ['a/versions/0', 400],
    ['a/versions/x', 400],
  ])('answers %s with %i', async (path, status) => {
    await get(path).expect(status);
  });
});

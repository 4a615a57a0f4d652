import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resourceServiceForTest, startResourceService, type RunningForTest } from '../../../test/running-service.js';

let running: RunningForTest;
beforeAll(async () => void (running = await startResourceService()));
afterAll(() => running.close());
const post = (collection: string, body: string | object) =>
  running.http.post(`/resources/${collection}`).set('content-type', 'application/json').send(body);

describe('POST /resources/:collection', () => {
  it('creates a document under a new ULID and says where it is', async () => {
    const answer = await post('notes', { title: 'First' }).expect(201);
    const { id } = answer.body.data;
    expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(answer.headers).toMatchObject({ location: `/resources/notes/${id}`, etag: '"v1"' });
    expect(answer.body).toEqual({
      success: true,
      data: {
        collection: 'notes',
        id,
        version: 1,
        createdAt: expect.any(String),
        updatedAt: answer.body.data.createdAt,
        document: { title: 'First' },
      },
    });
    const read = await running.http.get(answer.headers['location']!).expect(200);
    expect(read.body).toEqual(answer.body);
  });

  it('writes what was created to the log, in one event of its own stream', async () => {
    const answer = await post('notes', { id: 'logged', n: 1 }).set('x-correlation-id', 'import-7').expect(201);
    const events = await running.ports.events.readStream('resource-notes:logged');
    expect(events).toMatchObject([
      {
        type: 'resource.created',
        actor: 'resource-service-1',
        correlationId: 'import-7',
        time: answer.body.data.createdAt,
        data: { collection: 'notes', id: 'logged', version: 1, document: { id: 'logged', n: 1 } },
      },
    ]);
  });

  it('takes the id that the document brings', async () => {
    const answer = await post('notes', { id: 'own', title: 'x' }).expect(201);
    expect(answer.body.data).toMatchObject({ id: 'own', document: { id: 'own', title: 'x' } });
  });

  it('keeps every kind of JSON value as it was written', async () => {
    const document = {
      a: null,
      b: [1, 'x', { c: [] }],
      d: { '': 1, $ref: '#/x', 'e.f': true },
      g: 1.5e300,
      h: 'äöü \u0000 😀',
    };
    const { body } = await post('notes', document).expect(201);
    const read = await running.http.get(`/resources/notes/${body.data.id}`).expect(200);
    expect(read.body.data.document).toEqual(document);
  });

  it('refuses an id that is taken', async () => {
    await post('notes', { id: 'taken' }).expect(201);
    const answer = await post('notes', { id: 'taken' }).expect(409);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ status: 409, id: 'taken', currentVersion: 1 });
  });

  it('makes one document of many concurrent creations of the same id', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => post('races', { id: 'one', n })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409, 409, 409]);
    const winner = answers.find(({ status }) => status === 201)!;
    const read = await running.http.get('/resources/races/one').expect(200);
    expect(read.body).toEqual(winner.body);
  });

  it.each([
    ['an array', '[1]', 400, 'JSON object'],
    ['a string', '"x"', 400, 'JSON object'],
    ['null', 'null', 400, 'JSON object'],
    ['malformed JSON', '{"a":', 400, 'JSON'],
    ['an empty body', '', 400, ''],
    ['an id with a slash', '{"id":"a/b"}', 400, 'id:'],
    ['an id that is a number', '{"id":7}', 400, 'id: must be a string'],
    ['a key __proto__', '{"__proto__":{"x":1}}', 400, ''],
  ])('refuses %s', async (_, body, status, named) => {
    const answer = await post('notes', body).expect(status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body.status).toBe(status);
    expect(answer.body.detail).toContain(named);
  });

  it('refuses a collection name that could be mistaken', async () => {
    const answer = await post('Notes', {}).expect(400);
    expect(answer.body.detail).toContain('a collection is a lower-case letter');
  });

  it('refuses another content type', async () => {
    await running.http.post('/resources/notes').set('content-type', 'application/xml').send('<x/>').expect(415);
  });

  it('refuses a document that is too large or too deep, and says what is allowed', async () => {
    const { http } = await resourceServiceForTest({ documents: { maxBytes: 1000, maxDepth: 5 } });
    const large = await http
      .post('/resources/notes')
      .send({ text: 'x'.repeat(1000) })
      .expect(413);
    expect(large.body).toMatchObject({ status: 413, maxBytes: 1000 });
    const deep = await http
      .post('/resources/notes')
      .send({ a: { b: { c: { d: { e: {} } } } } })
      .expect(400);
    expect(deep.body.detail).toContain('deeper than 5');
    await http
      .post('/resources/notes')
      .send({ a: { b: { c: { d: { e: 1 } } } } })
      .expect(201);
  });

  it('refuses a body that nests a hundred thousand levels without falling over', async () => {
    const depth = 100_000;
    await post('notes', `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`).expect(400);
    await running.http.get('/health/live').expect(200);
  });
});

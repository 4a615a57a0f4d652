import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startResourceService, type RunningForTest } from '../../../test/running-service.js';

let running: RunningForTest;
beforeAll(async () => void (running = await startResourceService()));
afterAll(() => running.close());
const put = (path: string, body: object, headers: Record<string, string> = {}) =>
  running.http.put(`/resources/${path}`).set(headers).send(body);

describe('PUT /resources/:collection/:id', () => {
  it('creates a document that is not there', async () => {
    const answer = await put('notes/new', { a: 1 }).expect(201);
    expect(answer.headers).toMatchObject({ etag: '"v1"', location: '/resources/notes/new' });
    expect(answer.body.data).toMatchObject({ id: 'new', version: 1, document: { a: 1 } });
  });

  it('replaces the whole document and keeps the time of its creation', async () => {
    const first = await put('notes/replaced', { a: 1, b: 2 }).expect(201);
    const second = await put('notes/replaced', { a: 3 }).expect(200);
    expect(second.headers['etag']).toBe('"v2"');
    expect(second.body.data).toMatchObject({ version: 2, document: { a: 3 }, createdAt: first.body.data.createdAt });
    const read = await running.http.get('/resources/notes/replaced').expect(200);
    expect(read.body).toEqual(second.body);
  });

  it('replaces the version that If-Match names, and no other', async () => {
    await put('notes/matched', { n: 1 }).expect(201);
    await put('notes/matched', { n: 2 }, { 'if-match': '"v1"' }).expect(200);
    const lost = await put('notes/matched', { n: 3 }, { 'if-match': '"v1"' }).expect(412);
    expect(lost.headers['content-type']).toContain('application/problem+json');
    expect(lost.body).toMatchObject({ status: 412, currentVersion: 2, currentETag: '"v2"' });
    const read = await running.http.get('/resources/notes/matched').expect(200);
    expect(read.body.data).toMatchObject({ version: 2, document: { n: 2 } });
  });

  it('takes one of several tags, and * for any present version', async () => {
    await put('notes/tags', { n: 1 }).expect(201);
    await put('notes/tags', { n: 2 }, { 'if-match': '"v9", "v1"' }).expect(200);
    await put('notes/tags', { n: 3 }, { 'if-match': '*' }).expect(200);
    await put('notes/tags', { n: 4 }, { 'if-match': 'W/"v3"' }).expect(412);
  });

  it('does not create where If-Match asks for a version', async () => {
    const any = await put('notes/absent', { n: 1 }, { 'if-match': '*' }).expect(412);
    expect(any.body.currentVersion).toBeNull();
    await put('notes/absent', { n: 1 }, { 'if-match': '"v1"' }).expect(412);
    await running.http.get('/resources/notes/absent').expect(404);
  });

  it('creates only, with If-None-Match: *', async () => {
    await put('notes/once', { n: 1 }, { 'if-none-match': '*' }).expect(201);
    const again = await put('notes/once', { n: 2 }, { 'if-none-match': '*' }).expect(412);
    expect(again.body.currentVersion).toBe(1);
    await put('notes/once', { n: 2 }, { 'if-none-match': '"v1"' }).expect(400);
  });

  it('counts versions on when a deleted document is made again', async () => {
    await put('notes/again', { n: 1 }).expect(201);
    await running.http.delete('/resources/notes/again').expect(200);
    await put('notes/again', { n: 2 }, { 'if-match': '"v2"' }).expect(412);
    const answer = await put('notes/again', { n: 2 }, { 'if-none-match': '*' }).expect(201);
    expect(answer.body.data).toMatchObject({ version: 3, createdAt: answer.body.data.updatedAt });
  });

  it('lets exactly one of many writers win a version', async () => {
    await put('races/one', { n: 0 }).expect(201);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => put('races/one', { n }, { 'if-match': '"v1"' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412, 412, 412, 412]);
  });

  it('lets all unconditional writers through, each with a version of its own', async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, (_, n) => put('races/all', { n })));
    expect(answers.map(({ body }) => body.data?.version).sort()).toEqual([1, 2, 3, 4]);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const created = new Set(answers.map(({ body }) => body.data.createdAt));
    expect(created.size).toBe(1);
  });

  it.each([
    ['a body that is no object', 'notes/x', [1], {}, 'JSON object'],
    ['another id in the body', 'notes/x', { id: 'y' }, {}, 'leave it out'],
    ['a malformed If-Match', 'notes/x', {}, { 'if-match': 'v1' }, 'If-Match'],
    ['an id with a leading dot', 'notes/.x', {}, {}, 'does not begin with a dot'],
    ['a collection with a colon', 'no:tes/x', {}, {}, 'a collection is'],
  ])('refuses %s', async (_, path, body, headers, named) => {
    const answer = await put(path, body, headers as Record<string, string>).expect(400);
    expect(answer.body.detail).toContain(named);
  });
});

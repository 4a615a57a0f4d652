import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startResourceService, type RunningForTest } from '../../../test/running-service.js';

let running: RunningForTest;
beforeAll(async () => void (running = await startResourceService()));
afterAll(() => running.close());
const create = (id: string) => running.http.put(`/resources/notes/${id}`).send({ id }).expect(201);

describe('DELETE /resources/:collection/:id', () => {
  it('deletes a document, which is a version of its own', async () => {
    await create('a');
    const answer = await running.http.delete('/resources/notes/a').expect(200);
    expect(answer.body).toEqual({
      success: true,
      data: { collection: 'notes', id: 'a', version: 2, deletedAt: expect.any(String) },
    });
    const gone = await running.http.get('/resources/notes/a').expect(404);
    expect(gone.body.detail).toContain('deleted at version 2');
    const list = await running.http.get('/resources/notes').expect(200);
    expect(list.body.data).toEqual([]);
  });

  it('keeps what the document was', async () => {
    await create('kept');
    await running.http.delete('/resources/notes/kept').expect(200);
    const before = await running.http.get('/resources/notes/kept/versions/1').expect(200);
    expect(before.body.data).toMatchObject({ version: 1, change: 'created', document: { id: 'kept' } });
  });

  it('deletes only the version that If-Match names', async () => {
    await create('b');
    await running.http.put('/resources/notes/b').send({ n: 2 }).expect(200);
    const lost = await running.http.delete('/resources/notes/b').set('if-match', '"v1"').expect(412);
    expect(lost.body.currentVersion).toBe(2);
    await running.http.delete('/resources/notes/b').set('if-match', '"v2"').expect(200);
    await running.http.delete('/resources/notes/b').set('if-match', '*').expect(412);
  });

  it('answers 404 for what is not there, or not any more', async () => {
    await running.http.delete('/resources/notes/never').expect(404);
    await create('twice');
    await running.http.delete('/resources/notes/twice').expect(200);
    await running.http.delete('/resources/notes/twice').expect(404);
  });

  it('deletes once, whoever asks at the same time', async () => {
    await create('raced');
    const answers = await Promise.all(Array.from({ length: 6 }, () => running.http.delete('/resources/notes/raced')));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404, 404, 404, 404]);
  });

  it('refuses a malformed If-Match', async () => {
    const answer = await running.http.delete('/resources/notes/a').set('if-match', 'v1').expect(400);
    expect(answer.body.detail).toContain('If-Match');
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startResourceService, type RunningForTest } from '../../../test/running-service.js';

let running: RunningForTest;
beforeAll(async () => {
  running = await startResourceService();
  await running.http.put('/resources/notes/a').send({ n: 1 }).expect(201);
});
afterAll(() => running.close());
const get = (path: string, headers: Record<string, string> = {}) => running.http.get(`/resources/${path}`).set(headers);

describe('GET /resources/:collection/:id', () => {
  it('answers with the document, its version as entity tag', async () => {
    const answer = await get('notes/a').expect(200);
    expect(answer.headers['etag']).toBe('"v1"');
    expect(answer.body).toMatchObject({ success: true, data: { id: 'a', version: 1, document: { n: 1 } } });
  });

  it('answers 304 without a body to who has the version', async () => {
    const answer = await get('notes/a', { 'if-none-match': '"v7", W/"v1"' }).expect(304);
    expect(answer.headers['etag']).toBe('"v1"');
    expect(answer.text).toBe('');
    await get('notes/a', { 'if-none-match': '*' }).expect(304);
    await get('notes/a', { 'if-none-match': '"v2"' }).expect(200);
  });

  it('is never behind a write, however the projection is', async () => {
    for (let n = 2; n <= 20; n++) {
      await running.http.put('/resources/notes/fresh').send({ n });
      const { body } = await get('notes/fresh').expect(200);
      expect(body.data.document).toEqual({ n });
    }
  });

  it('sees what was appended to the log beside it', async () => {
    await running.http.put('/resources/notes/b').send({ n: 1 }).expect(201);
    const { createEvent } = await import('@signalbox/contracts');
    await running.ports.events.append({
      stream: 'resource-notes:b',
      expectedVersion: 1,
      commitId: 'other-instance',
      events: [createEvent('resource.updated', { collection: 'notes', id: 'b', version: 2, document: { n: 2 } })],
      metadata: { actor: 'resource-service-2', correlationId: 'c' },
    });
    const { body } = await get('notes/b').expect(200);
    expect(body.data).toMatchObject({ version: 2, document: { n: 2 } });
  });

  it('takes the longest id that there may be', async () => {
    const id = 'x'.repeat(100);
    await running.http.post('/resources/notes').send({ id }).expect(201);
    await get(`notes/${id}`).expect(200);
  });

  it.each([
    ['notes/none', 404, 'resource://notes/none'],
    ['nothing/a', 404, 'resource://nothing/a'],
    ['Notes/a', 400, 'a collection is'],
    ['notes/a%20b', 400, 'a document id is'],
    ['notes/%2e%2e%2fx', 400, 'a document id is'],
  ])('answers %s with %i and names it', async (path, status, named) => {
    const answer = await get(path).expect(status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body.detail).toContain(named);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resourceServiceForTest, startResourceService, type RunningForTest } from '../../../test/running-service.js';

const TASKS = [
  { id: 'a', title: 'Ask', status: 'open', priority: 3, tags: ['x', 'y'], owner: { name: 'Ada' } },
  { id: 'b', title: 'Buy', status: 'open', priority: 1, tags: [], owner: { name: 'Bob' } },
  { id: 'c', title: 'Call', status: 'done', priority: 2, tags: ['x'] },
  { id: 'd', title: 'Dig', status: 'done', priority: 3 },
];

let running: RunningForTest;
beforeAll(async () => {
  running = await startResourceService();
  for (const task of TASKS) await running.http.post('/resources/tasks').send(task).expect(201);
  await running.http.post('/resources/other').send({ id: 'a', status: 'open' }).expect(201);
});
afterAll(() => running.close());
const list = (query: Record<string, unknown> = {}) => running.http.get('/resources/tasks').query(query);
const idsOf = (body: { data: { id: string }[] }) => body.data.map(({ id }) => id).join('');

describe('GET /resources/:collection', () => {
  it('lists the collection by id, with how many there are', async () => {
    const { body } = await list().expect(200);
    expect(body).toMatchObject({ success: true, total: 4, page: 1, pageSize: 20, pages: 1 });
    expect(idsOf(body)).toBe('abcd');
    expect(body.data[0]).toMatchObject({ collection: 'tasks', id: 'a', version: 1, document: TASKS[0] });
  });

  it.each<[string, unknown]>([
    ['ab', { status: 'open' }],
    ['ad', { priority: { $gte: 3 } }],
    ['bc', { priority: { $in: [1, 2] } }],
    ['cd', { status: { $nin: ['open'] } }],
    ['ac', { tags: 'x' }],
    ['b', { 'owner.name': 'Bob' }],
    ['cd', { owner: { $exists: false } }],
    ['abd', { $or: [{ status: 'open' }, { title: 'Dig' }] }],
    ['bc', { priority: { $not: { $gt: 2 } } }],
    ['b', { $and: [{ status: 'open' }, { priority: { $lt: 2 } }] }],
    ['a', { status: 'open', priority: { $ne: 1 } }],
    ['b', { _id: 'b' }],
    ['abcd', { _version: 1 }],
    ['', { status: 'lost' }],
  ])('finds "%s" with the filter %j', async (ids, filter) => {
    const { body } = await list({ filter: JSON.stringify(filter) }).expect(200);
    expect(idsOf(body)).toBe(ids);
    expect(body.total).toBe(ids.length);
  });

  it('sorts, ties by id', async () => {
    expect(idsOf((await list({ sort: '-priority' }).expect(200)).body)).toBe('adcb');
    expect(idsOf((await list({ sort: 'status,-title' }).expect(200)).body)).toBe('dcba');
    expect(idsOf((await list({ sort: '-_id' }).expect(200)).body)).toBe('dcba');
  });

  it('pages', async () => {
    const second = await list({ page: 2, pageSize: 3 }).expect(200);
    expect(second.body).toMatchObject({ total: 4, page: 2, pageSize: 3, pages: 2 });
    expect(idsOf(second.body)).toBe('d');
    expect((await list({ page: 9, pageSize: 3 }).expect(200)).body.data).toEqual([]);
  });

  it('has every write in it that was answered', async () => {
    for (let n = 1; n <= 10; n++) {
      await running.http.post('/resources/fresh').send({ n }).expect(201);
      const { body } = await running.http.get('/resources/fresh').expect(200);
      expect(body.total).toBe(n);
    }
  });

  it('is empty for a collection that nobody has used', async () => {
    const { body } = await running.http.get('/resources/unused').expect(200);
    expect(body).toMatchObject({ success: true, data: [], total: 0, pages: 0 });
  });

  it.each([
    [{ filter: '{"a":{"$regex":"x"}}' }, '$regex'],
    [{ filter: '{"$where":"1"}' }, '$where'],
    [{ filter: '{a' }, 'not JSON'],
    [{ sort: '$x' }, 'sort'],
    [{ page: '0' }, 'page'],
    [{ page: 'x' }, 'page'],
    [{ pageSize: '101' }, 'at most 100'],
    [{ limit: '5' }, 'limit'],
    [{ filter: ['{}', '{}'] }, 'filter'],
  ])('refuses %j and names %s', async (query, named) => {
    const answer = await list(query).expect(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body.detail).toContain(named);
  });

  it('names the operator that is not allowed and those that are', async () => {
    const { body } = await list({ filter: '{"a":{"$regex":"x"}}' }).expect(400);
    expect(body).toMatchObject({ operator: '$regex', allowed: expect.arrayContaining(['$eq', '$exists', '$not']) });
  });
});

describe('GET /resources', () => {
  it('lists the collections that have documents', async () => {
    const { http } = await resourceServiceForTest();
    await http.post('/resources/b').send({ id: '1' }).expect(201);
    await http.post('/resources/b').send({ id: '2' }).expect(201);
    await http.post('/resources/a').send({ id: '1' }).expect(201);
    await http.post('/resources/gone').send({ id: '1' }).expect(201);
    await http.delete('/resources/gone/1').expect(200);
    const { body } = await http.get('/resources').expect(200);
    expect(body).toEqual({
      success: true,
      data: [
        { collection: 'a', documents: 1 },
        { collection: 'b', documents: 2 },
      ],
    });
  });
});

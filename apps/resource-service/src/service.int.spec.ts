import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { resourceServiceForTest, startResourceService } from '../test/running-service.js';
import { parseResourceServiceConfig } from './config.js';

describe('resource-service', () => {
  it('is registered, alive and ready', async () => {
    const { http, ports, service } = await resourceServiceForTest();
    await http.get('/health/live').expect(200);
    await http.get('/health/ready').expect(200);
    expect(await ports.directory.getInstances('resource-service')).toMatchObject([
      {
        id: 'resource-service-1',
        port: Number(new URL(service.url).port),
        tags: expect.arrayContaining(['resources']),
      },
    ]);
  });

  it('describes every endpoint in its OpenAPI document', async () => {
    const { http } = await resourceServiceForTest();
    const { body } = await http.get('/openapi.json').expect(200);
    const operations = Object.entries(body.paths as Record<string, Record<string, { summary?: string }>>)
      .filter(([path]) => path.startsWith('/resources'))
      .flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, { summary }]) => ({ at: `${method} ${path}`, summary })),
      );
    expect(operations.map(({ at }) => at).sort()).toEqual([
      'delete /resources/{collection}/{id}',
      'get /resources',
      'get /resources/{collection}',
      'get /resources/{collection}/{id}',
      'get /resources/{collection}/{id}/versions',
      'get /resources/{collection}/{id}/versions/{version}',
      'post /resources/{collection}',
      'put /resources/{collection}/{id}',
    ]);
    expect(operations.filter(({ summary }) => !summary)).toEqual([]);
    const { post } = body.paths['/resources/{collection}'];
    expect(post.requestBody.content['application/json'].schema).toMatchObject({ type: 'object' });
    expect(post.parameters).toMatchObject([
      { name: 'collection', in: 'path', schema: { pattern: expect.any(String) } },
    ]);
    expect(post.responses['201'].content['application/json'].schema.properties).toHaveProperty('success');
    const { get } = body.paths['/resources/{collection}'];
    expect(get.parameters.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(['filter', 'sort', 'page', 'pageSize']),
    );
  });

  it('names a wrong configuration value by its path', () => {
    const parse = (section: unknown) => () => parseResourceServiceConfig({ section: () => section });
    expect(parse({ lists: { maxPageSize: 0 } })).toThrow('signalbox.resource-service.lists.maxPageSize');
    expect(parse({ colour: 'red' })).toThrow('colour');
    expect(parse(undefined)().lists.defaultPageSize).toBe(20);
  });

  it('has all documents again after a restart', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'signalbox-resources-'));
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    const first = await startResourceService(undefined, dataDir);
    await first.http.put('/resources/notes/a').send({ n: 1 }).expect(201);
    await first.http.put('/resources/notes/a').send({ n: 2 }).expect(200);
    await first.close();
    const { http, close } = await startResourceService(undefined, dataDir);
    onTestFinished(close);
    const { body } = await http.get('/resources/notes').expect(200);
    expect(body).toMatchObject({ total: 1, data: [{ id: 'a', version: 2, document: { n: 2 } }] });
    await http.put('/resources/notes/a').set('if-match', '"v2"').send({ n: 3 }).expect(200);
  });
});

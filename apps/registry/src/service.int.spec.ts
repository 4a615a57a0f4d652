import { describe, expect, it } from 'vitest';
import { registryForTest } from '../test/running-service.js';
import { parseRegistryConfig } from './config.js';

describe('registry', () => {
  it('is alive and ready', async () => {
    const { http } = await registryForTest();
    await http.get('/health/live').expect(200);
    await http.get('/health/ready').expect(200);
  });

  it('takes itself out of the directory when it stops', async () => {
    const { service, ports } = await registryForTest();
    await service.stop();
    expect(await ports.directory.getInstances('registry')).toEqual([]);
  });

  it('describes every endpoint in its OpenAPI document', async () => {
    const { http } = await registryForTest();
    const { body } = await http.get('/openapi.json').expect(200);
    const operations = Object.entries(body.paths as Record<string, Record<string, { summary?: string }>>)
      .filter(([path]) => /^\/(services|servers|cluster)/.test(path))
      .flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, { summary }]) => ({ at: `${method} ${path}`, summary })),
      );
    expect(operations.map(({ at }) => at).sort()).toEqual([
      'delete /servers/{name}',
      'delete /servers/{name}/tools/{tool}/safety',
      'delete /services/{instanceId}',
      'get /cluster',
      'get /cluster/commands',
      'get /cluster/commands/{commandId}',
      'get /servers',
      'get /servers/{name}',
      'get /services',
      'get /services/{serviceName}',
      'get /services/{serviceName}/watch',
      'post /cluster/instances/{instanceId}/{command}',
      'post /servers',
      'post /servers/{name}/{command}',
      'post /services',
      'put /servers/{name}',
      'put /servers/{name}/tools/{tool}/safety',
    ]);
    expect(operations.filter(({ summary }) => !summary)).toEqual([]);
    const { post } = body.paths['/services'];
    expect(post.requestBody.content['application/json'].schema).toMatchObject({
      required: ['serviceName', 'host', 'port'],
    });
    expect(post.responses['201'].content['application/json'].schema.properties).toHaveProperty('data');
  });

  it('names a wrong configuration value by its path', () => {
    const parse = (section: unknown) => () => parseRegistryConfig({ section: () => section });
    expect(parse({ watch: { maxWatchers: 0 } })).toThrow('signalbox.registry.watch.maxWatchers');
    expect(parse({ colour: 'red' })).toThrow('colour');
    expect(parse(undefined)().watch.maxWatchers).toBe(200);
  });
});

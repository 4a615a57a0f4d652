import { upstreamSettingsSchema, type UpstreamDefinition } from '@signalbox/contracts';
import { connectClient, waitFor } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { registryForTest } from '../../../test/running-service.js';

const WORKER = { serviceName: 'painter', host: '127.0.0.1', port: 4001 };
const FILES: UpstreamDefinition = {
  name: 'files',
  target: { kind: 'stdio', command: 'node', args: [], env: {} },
  settings: upstreamSettingsSchema.parse({}),
  source: 'test',
};

async function connected() {
  const { http, service } = await registryForTest({
    servers: [FILES],
    section: { mcp: { coalesceMs: 5, listChangedMs: 5 } },
  });
  const register = (instance: object) =>
    http
      .post('/services')
      .send({ ...WORKER, ...instance })
      .expect(201);
  const connection = await connectClient(service.url);
  const read = async (uri: string) => {
    const { contents } = await connection.client.readResource({ uri });
    expect(contents).toMatchObject([{ uri, mimeType: 'application/json' }]);
    return JSON.parse((contents[0] as { text: string }).text) as { id: string; name: string }[];
  };
  return { http, register, read, ...connection };
}

describe('/mcp of the registry', () => {
  it('lists the instances, the servers, and each by name', async () => {
    const { client, register } = await connected();
    await register({ id: 'p' });
    const expected = [
      'registry://serviceInstances',
      'registry://cluster',
      'registry://servers',
      'registry://serviceInstances/painter',
      'registry://serviceInstances/registry',
      'registry://servers/files',
    ];
    await waitFor(async () => (await client.listResources()).resources.length === expected.length);
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual(expected);
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
      'registry://serviceInstances/{serviceName}',
      'registry://servers/{name}',
    ]);
  });

  it('reads all instances, and those of one service', async () => {
    const { register, read } = await connected();
    await register({ id: 'p' });
    await register({ id: 'q' });
    expect((await read('registry://serviceInstances')).map(({ id }) => id).sort()).toEqual(['p', 'q', 'registry-1']);
    expect((await read('registry://serviceInstances/painter')).map(({ id }) => id).sort()).toEqual(['p', 'q']);
  });

  it('reads the upstream servers, and one of them', async () => {
    const { read } = await connected();
    expect(await read('registry://servers')).toMatchObject([{ name: 'files', state: 'registered' }]);
    expect(await read('registry://servers/files')).toMatchObject({ name: 'files', transport: 'stdio' });
  });

  it.each(['registry://serviceInstances/nobody', 'registry://servers/nobody', 'registry://other', 'file:///x'])(
    'says that there is no resource %s',
    async (uri) => {
      const { client } = await connected();
      await expect(client.readResource({ uri })).rejects.toMatchObject({ data: { uri } });
    },
  );

  it('completes names of services and servers', async () => {
    const { client, register } = await connected();
    await register({ id: 'p' });
    const complete = async (uri: string, name: string, value: string) => {
      const { completion } = await client.complete({ ref: { type: 'ref/resource', uri }, argument: { name, value } });
      return completion.values;
    };
    await waitFor(
      async () => (await complete('registry://serviceInstances/{serviceName}', 'serviceName', 'p')).length === 1,
    );
    expect(await complete('registry://serviceInstances/{serviceName}', 'serviceName', '')).toEqual([
      'painter',
      'registry',
    ]);
    expect(await complete('registry://servers/{name}', 'name', 'f')).toEqual(['files']);
    await expect(complete('registry://nothing/{x}', 'x', '')).rejects.toThrow('registry://servers/{name}');
  });

  it('tells subscribers when services come, change and go', async () => {
    const { client, http, register, updated } = await connected();
    await client.subscribeResource({ uri: 'registry://serviceInstances' });
    await client.subscribeResource({ uri: 'registry://serviceInstances/painter' });
    await register({ id: 'p' });
    await waitFor(() => updated.includes('registry://serviceInstances/painter'));
    expect(updated).toContain('registry://serviceInstances');
    updated.length = 0;
    await register({ id: 'p', port: 4002 });
    await waitFor(() => updated.includes('registry://serviceInstances/painter'));
    updated.length = 0;
    await http.delete('/services/p').expect(200);
    await waitFor(() => updated.includes('registry://serviceInstances/painter'));
    updated.length = 0;
    await register({ id: 'p' });
    await waitFor(() => updated.includes('registry://serviceInstances/painter'));
  });

  it('says that the list changed when a service appears or is gone, and only then', async () => {
    const { client, http, register, updated, listChanged } = await connected();
    await register({ id: 'p' });
    await waitFor(() => listChanged() === 1);
    await client.subscribeResource({ uri: 'registry://serviceInstances/painter' });
    await register({ id: 'q' });
    await waitFor(() => updated.length > 0);
    await http.delete('/services/q').expect(200);
    await http.delete('/services/p').expect(200);
    await waitFor(() => listChanged() === 2);
  });
});

describe('the tools of the registry', () => {
  const asking = async () => {
    const connection = await connected();
    const ask = async (name: string, args: object = {}): Promise<any> => {
      const { structuredContent, content, isError } = await connection.client.callTool({
        name,
        arguments: { ...args },
      });
      const [{ text }] = content as unknown as [{ text: string }];
      if (isError) return { error: text };
      expect(JSON.parse(text)).toEqual(structuredContent);
      return structuredContent;
    };
    return { ...connection, ask };
  };

  it('only read, and say what they take', async () => {
    const { client } = await asking();
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      'find_services',
      'list_servers',
      'get_server',
      'cluster_view',
      'find_tools',
    ]);
    for (const { annotations, inputSchema } of tools) {
      expect(annotations).toMatchObject({ readOnlyHint: true });
      expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
    }
  });

  it('find services by all criteria, now and then', async () => {
    const { ask, register, http } = await asking();
    await register({ id: 'p', tags: ['oil'], metadata: { zone: 'a' } });
    await register({ id: 'q', status: 'DOWN' });
    const found = { services: [expect.objectContaining({ id: 'p', tags: ['oil'] })] };
    expect(await ask('find_services', { serviceName: 'painter', tags: ['oil'], metadata: { zone: 'a' } })).toEqual(
      found,
    );
    expect(await ask('find_services', { status: 'DOWN' })).toMatchObject({ services: [{ id: 'q' }] });
    const then = new Date().toISOString();
    await waitFor(() => Date.now() > Date.parse(then));
    await http.delete('/services/p').expect(200);
    expect(await ask('find_services', { tags: ['oil'] })).toEqual({ services: [] });
    expect(await ask('find_services', { tags: ['oil'], asOf: then })).toEqual(found);
    expect((await ask('cluster_view', { asOf: then })).cluster.services.painter.instances).toBe(2);
    const { cluster } = await ask('cluster_view');
    expect(cluster).toMatchObject({ leader: { instanceId: 'registry-1' }, services: { painter: { instances: 1 } } });
  });

  it('show servers and their tools', async () => {
    const { ask } = await asking();
    expect(await ask('list_servers')).toMatchObject({ servers: [{ name: 'files', tools: 0 }] });
    expect(await ask('list_servers', { state: 'running' })).toEqual({ servers: [] });
    expect(await ask('get_server', { name: 'files' })).toMatchObject({ server: { name: 'files', transport: 'stdio' } });
    expect(await ask('find_tools', { query: 'read' })).toEqual({ tools: [], total: 0 });
  });

  it('say what is wrong in a way that a model can mend', async () => {
    const { ask, client } = await asking();
    expect((await ask('get_server', { name: 'nothing' })).error).toBe('there is no server nothing; there are: files');
    expect((await ask('find_services', { status: 'WELL' })).error).toContain('status');
    expect((await ask('find_services', { colour: 'red' })).error).toContain('colour');
    expect((await ask('cluster_view', { asOf: 'yesterday' })).error).toContain('no RFC 3339 time');
    await expect(client.callTool({ name: 'explode', arguments: {} })).rejects.toThrow('there are: find_services');
  });
});

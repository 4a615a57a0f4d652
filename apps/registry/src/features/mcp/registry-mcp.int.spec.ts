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

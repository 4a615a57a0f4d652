import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { connectClient, waitFor } from '@signalbox/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { resourceServiceForTest } from '../../../test/running-service.js';

const TEMPLATE = { type: 'ref/resource', uri: 'resource://{collection}/{id}' } as const;

async function connected(section?: unknown) {
  const { http, service, ports } = await resourceServiceForTest(section);
  const put = async (path: string, body: object) => {
    const { status } = await http.put(`/resources/${path}`).send(body);
    expect([200, 201]).toContain(status);
  };
  return { http, service, ports, put, ...(await connectClient(service.url)) };
}

describe('/mcp of the resource service', () => {
  it('introduces itself with resources, subscriptions and completions', async () => {
    const { client } = await connected();
    expect(client.getServerVersion()).toMatchObject({ name: 'signalbox-resources' });
    expect(client.getServerCapabilities()).toEqual({
      resources: { subscribe: true, listChanged: true },
      completions: {},
    });
    expect(client.getInstructions()).toContain('resource://{collection}/{id}');
  });

  it('lists documents as resources, page by page', async () => {
    const { client, put } = await connected({ mcpResources: { pageSize: 2 } });
    for (const id of ['a', 'b', 'c', 'd', 'e']) await put(`notes/${id}`, { title: `Note ${id}` });
    const uris: string[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await client.request({ method: 'resources/list', params: { ...(cursor && { cursor }) } });
      expect(page.resources.length).toBeLessThanOrEqual(2);
      uris.push(...page.resources.map(({ uri }) => uri));
      cursor = page.nextCursor;
      pages++;
    } while (cursor !== undefined);
    expect(pages).toBe(3);
    expect(uris).toEqual(['a', 'b', 'c', 'd', 'e'].map((id) => `resource://notes/${id}`));
  });

  it('lists so many documents and no more; the others are read all the same', async () => {
    const { client, put } = await connected({ mcpResources: { pageSize: 2, maxListed: 3 } });
    for (const id of ['a', 'b', 'c', 'd']) await put(`notes/${id}`, {});
    const { resources, nextCursor } = await client.listResources();
    expect(nextCursor).toBeUndefined();
    expect(resources.map(({ name }) => name)).toEqual(['notes/a', 'notes/b', 'notes/c']);
    expect((await client.readResource({ uri: 'resource://notes/d' })).contents).toHaveLength(1);
  });

  it('lists the same while documents only get new versions', async () => {
    const { client, put } = await connected();
    await put('notes/a', { title: 'A', n: 1 });
    const before = await client.request({ method: 'resources/list' });
    await put('notes/a', { title: 'A', n: 2 });
    expect(await client.request({ method: 'resources/list' })).toEqual(before);
  });

  it('describes a resource by what its document says', async () => {
    const { client, put } = await connected();
    await put('notes/a', { title: 'Milk and bread' });
    const { resources } = await client.listResources();
    expect(resources).toMatchObject([
      {
        uri: 'resource://notes/a',
        name: 'notes/a',
        title: 'Milk and bread',
        mimeType: 'application/json',
      },
    ]);
  });

  it('refuses a cursor that it did not make', async () => {
    const { client } = await connected();
    await expect(client.request({ method: 'resources/list', params: { cursor: 'x' } })).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining('nextCursor'),
    });
  });

  it('reads the newest version of a document', async () => {
    const { client, put } = await connected();
    await put('notes/a', { n: 1 });
    await put('notes/a', { n: 2 });
    const { contents } = await client.readResource({ uri: 'resource://notes/a' });
    expect(contents).toEqual([
      {
        uri: 'resource://notes/a',
        mimeType: 'application/json',
        text: '{"n":2}',
        _meta: expect.objectContaining({ 'io.signalbox/version': 2 }),
      },
    ]);
  });

  it.each(['resource://notes/none', 'resource://notes', 'file:///etc/passwd', 'resource://notes/%00'])(
    'says that there is no resource %s',
    async (uri) => {
      const { client } = await connected();
      // the official server answers with the code of 2026-07-28 in both eras; `data.uri` is what tells clients
      await expect(client.readResource({ uri })).rejects.toMatchObject({ code: -32602, data: { uri } });
    },
  );

  it('does not list or read what was deleted', async () => {
    const { client, put, http } = await connected();
    await put('notes/a', { n: 1 });
    await http.delete('/resources/notes/a').expect(200);
    expect((await client.listResources()).resources).toEqual([]);
    await expect(client.readResource({ uri: 'resource://notes/a' })).rejects.toMatchObject({
      code: -32602,
      data: { uri: expect.any(String) },
    });
  });

  it('offers a template and completes its variables', async () => {
    const { client, put } = await connected();
    await put('notes/apple', {});
    await put('notes/apricot', {});
    await put('notes/banana', {});
    await put('nuts/almond', {});
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates).toMatchObject([{ uriTemplate: TEMPLATE.uri, mimeType: 'application/json' }]);
    const complete = async (name: string, value: string, known?: Record<string, string>) => {
      const { completion } = await client.complete({
        ref: TEMPLATE,
        argument: { name, value },
        ...(known && { context: { arguments: known } }),
      });
      return completion.values;
    };
    expect(await complete('collection', 'n')).toEqual(['notes', 'nuts']);
    expect(await complete('collection', 'nu')).toEqual(['nuts']);
    expect(await complete('id', 'ap', { collection: 'notes' })).toEqual(['apple', 'apricot']);
    expect(await complete('id', '', { collection: 'nuts' })).toEqual(['almond']);
    expect(await complete('id', 'a')).toEqual(['almond', 'apple', 'apricot']);
    expect(await complete('other', 'a')).toEqual([]);
  });

  it('tells subscribers of a document, and nobody else, when it changes', async () => {
    const { client, put, http, updated } = await connected();
    await put('notes/a', { n: 1 });
    await put('notes/b', { n: 1 });
    await client.subscribeResource({ uri: 'resource://notes/a' });
    await put('notes/b', { n: 2 });
    await put('notes/a', { n: 2 });
    await waitFor(() => updated.length > 0);
    expect(updated).toEqual(['resource://notes/a']);
    const { contents } = await client.readResource({ uri: 'resource://notes/a' });
    expect(contents).toMatchObject([{ text: '{"n":2}' }]);
    await http.delete('/resources/notes/a').expect(200);
    await waitFor(() => updated.length > 1);
    expect(new Set(updated)).toEqual(new Set(['resource://notes/a']));
  });

  it('makes one notification of many changes in a moment', async () => {
    const { client, put, updated } = await connected({ mcp: { coalesceMs: 400 } });
    await put('notes/a', { n: 0 });
    await client.subscribeResource({ uri: 'resource://notes/a' });
    for (let n = 1; n <= 10; n++) await put('notes/a', { n });
    await put('notes/z', {});
    await waitFor(() => updated.length > 0);
    expect(updated.length).toBeLessThan(5);
  });

  it('falls silent after unsubscribe', async () => {
    const { client, put, updated } = await connected({ mcp: { coalesceMs: 1 } });
    await client.subscribeResource({ uri: 'resource://notes/a' });
    await client.subscribeResource({ uri: 'resource://notes/b' });
    await client.unsubscribeResource({ uri: 'resource://notes/a' });
    await put('notes/a', { n: 1 });
    await put('notes/b', { n: 1 });
    await waitFor(() => updated.includes('resource://notes/b'));
    expect(updated).not.toContain('resource://notes/a');
  });

  it('says that the list changed for creations and deletions, not for updates', async () => {
    const { client, put, listChanged, updated } = await connected({ mcp: { coalesceMs: 1, listChangedMs: 1 } });
    await put('notes/a', { n: 1 });
    await waitFor(() => listChanged() === 1);
    await client.subscribeResource({ uri: 'resource://notes/a' });
    await put('notes/a', { n: 2 });
    await waitFor(() => updated.length === 1);
    expect(listChanged()).toBe(1);
  });

  it('refuses to subscribe to what cannot be a document, and beyond the bound', async () => {
    const { client } = await connected({ mcp: { maxSubscriptionsPerSession: 2 } });
    await expect(client.subscribeResource({ uri: 'file:///x' })).rejects.toMatchObject({
      code: -32602,
      data: { uri: expect.any(String) },
    });
    await client.subscribeResource({ uri: 'resource://notes/a' });
    await client.subscribeResource({ uri: 'resource://notes/b' });
    await client.subscribeResource({ uri: 'resource://notes/b' });
    await expect(client.subscribeResource({ uri: 'resource://notes/c' })).rejects.toThrow('at most 2');
  });

  it('speaks with the older client too', async () => {
    const { service, put } = await connected({ mcp: { coalesceMs: 1 } });
    await put('notes/a', { n: 1 });
    const client = new OldClient({ name: 'old', version: '1' });
    const updated: string[] = [];
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void updated.push(params.uri));
    await client.connect(new OldTransport(new URL('/mcp', service.url)));
    onTestFinished(() => client.close());
    expect((await client.listResources()).resources).toMatchObject([{ uri: 'resource://notes/a' }]);
    expect((await client.readResource({ uri: 'resource://notes/a' })).contents).toMatchObject([{ text: '{"n":1}' }]);
    await client.subscribeResource({ uri: 'resource://notes/a' });
    await put('notes/a', { n: 2 });
    await waitFor(() => updated.includes('resource://notes/a'));
  });
});

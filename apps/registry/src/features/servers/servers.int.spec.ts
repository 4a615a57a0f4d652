import {
  createEvent,
  upstreamSettingsSchema,
  type EventData,
  type NewEvent,
  type UpstreamDefinition,
} from '@signalbox/contracts';
import type { PortSet } from '@signalbox/ports';
import { waitFor } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { registryForTest } from '../../../test/running-service.js';

const stdio = (name: string, extra: object = {}): UpstreamDefinition => ({
  name,
  target: { kind: 'stdio', command: 'node', args: ['server.js'], env: { TOKEN: 'geheim' } },
  settings: upstreamSettingsSchema.parse(extra),
  source: '/etc/signalbox.json',
});
const http = (name: string): UpstreamDefinition => ({
  name,
  target: { kind: 'http', url: 'https://example.org/mcp', headers: { Authorization: 'Bearer geheim' } },
  settings: upstreamSettingsSchema.parse({}),
  source: '/etc/signalbox.json',
});

const CATALOGUE: EventData<'catalogue.changed'> = {
  server: 'files',
  tools: [
    { name: 'read', title: 'Read a file', description: 'Reads', annotations: { readOnlyHint: true } },
    { name: 'write' },
  ],
  prompts: [{ name: 'p' }],
  resources: [{ uri: 'file:///a' }, { uri: 'file:///b' }],
  resourceTemplates: [],
  definitionHashes: { read: 'hash-r', write: 'hash-w' },
};

/** What an executor writes. */
function append(ports: PortSet, events: NewEvent[]) {
  return ports.events.append({
    stream: 'upstream-files',
    expectedVersion: 'any',
    events,
    commitId: events[0]!.id,
    metadata: { actor: 'tool-executor-1', correlationId: 'c' },
  });
}

const started = () =>
  createEvent('server.started', {
    server: 'files',
    executor: 'tool-executor-1',
    protocolVersion: '2025-11-25',
    serverInfo: { name: 'files-server', version: '3' },
    capabilities: { tools: {} },
  });

const registrations = async (ports: PortSet) =>
  (await ports.events.find({ type: 'server.*' })).items.map(({ event }) => `${event.type} ${event.stream}`);

describe('servers in the log', () => {
  it('registers what is configured, without secrets', async () => {
    const { ports } = await registryForTest({ servers: [stdio('files'), http('remote')] });
    const { items } = await ports.events.find({ type: 'server.registered' });
    expect(items.map(({ event }) => event)).toMatchObject([
      {
        stream: 'server-files',
        actor: 'registry-1',
        data: { server: 'files', transport: 'stdio', definition: { command: 'node', env: { TOKEN: '***' } } },
      },
      {
        stream: 'server-remote',
        data: { server: 'remote', transport: 'http', definition: { url: 'https://example.org/mcp' } },
      },
    ]);
    expect(JSON.stringify(items)).not.toContain('geheim');
  });

  it('writes nothing again when nothing changed', async () => {
    const { ports, service } = await registryForTest({ servers: [stdio('files')] });
    await service.stop();
    await registryForTest({ ports, servers: [stdio('files')] });
    expect(await registrations(ports)).toEqual(['server.registered server-files']);
  });

  it('writes what is new, changed, gone, and back', async () => {
    const { ports, service } = await registryForTest({ servers: [stdio('files'), stdio('old')] });
    await service.stop();
    const second = await registryForTest({ ports, servers: [stdio('files', { trusted: true }), stdio('new')] });
    await second.service.stop();
    await registryForTest({ ports, servers: [stdio('files', { trusted: true }), stdio('new'), stdio('old')] });
    expect((await registrations(ports)).sort()).toEqual([
      'server.registered server-files',
      'server.registered server-files',
      'server.registered server-new',
      'server.registered server-old',
      'server.registered server-old',
      'server.removed server-old',
    ]);
  });
});

describe('two registries at once', () => {
  it('write each difference once', async () => {
    const { ports, service } = await registryForTest({ servers: [stdio('old')] });
    await service.stop();
    const servers = [stdio('a'), stdio('b'), stdio('c')];
    await Promise.all([registryForTest({ ports, servers }), registryForTest({ ports, servers })]);
    expect((await registrations(ports)).sort()).toEqual([
      'server.registered server-a',
      'server.registered server-b',
      'server.registered server-c',
      'server.registered server-old',
      'server.removed server-old',
    ]);
  });
});

describe('GET /servers', () => {
  it('shows a server that no executor has spoken of', async () => {
    const registry = await registryForTest({ servers: [stdio('files')] });
    const { body } = await registry.http.get('/servers').expect(200);
    expect(body).toMatchObject({
      success: true,
      problems: [],
      data: [{ name: 'files', state: 'registered', transport: 'stdio', tools: [], restarts: 0, lastError: null }],
    });
    expect(JSON.stringify(body)).not.toContain('geheim');
  });

  it('shows state, version, tools and counts as executors tell them', async () => {
    const servers = [stdio('files', { trusted: true, tools: { write: { class: 'idempotent' } } })];
    const registry = await registryForTest({ servers });
    await append(registry.ports, [started(), createEvent('catalogue.changed', CATALOGUE)]);
    const server = await waitFor(async () => {
      const { body } = await registry.http.get('/servers/files').expect(200);
      return body.data.state === 'running' && body.data.tools.length > 0 ? body.data : undefined;
    });
    expect(server).toMatchObject({
      executors: { 'tool-executor-1': 'running' },
      protocolVersion: '2025-11-25',
      serverInfo: { name: 'files-server', version: '3' },
      tools: [
        { name: 'read', title: 'Read a file', definitionHash: 'hash-r', safetyClass: 'read' },
        { name: 'write', definitionHash: 'hash-w', safetyClass: 'idempotent' },
      ],
      prompts: 1,
      resources: 2,
      resourceTemplates: 0,
      lastError: null,
    });
  });

  it('shows the last error with its time, and how often the server started again', async () => {
    const registry = await registryForTest({ servers: [stdio('files')] });
    const failed = createEvent('server.failed', {
      server: 'files',
      executor: 'tool-executor-1',
      error: 'exited with code 1',
      attempt: 2,
      retryInMs: 500,
    });
    const stopped = createEvent('server.stopped', { server: 'files', executor: 'tool-executor-1', reason: 'shutdown' });
    await append(registry.ports, [started(), stopped, started(), failed, started()]);
    const server = await waitFor(async () => {
      const { body } = await registry.http.get('/servers/files').expect(200);
      return body.data.restarts === 1 ? body.data : undefined;
    });
    expect(server).toMatchObject({
      state: 'running',
      lastError: { error: 'exited with code 1', attempt: 2, at: expect.any(String), retryAt: expect.any(String) },
    });
  });

  it('leaves out what was removed, and still knows it by name', async () => {
    const { ports, service } = await registryForTest({ servers: [stdio('files')] });
    await service.stop();
    const registry = await registryForTest({ ports });
    expect((await registry.http.get('/servers').expect(200)).body.data).toEqual([]);
    const { body } = await registry.http.get('/servers/files').expect(200);
    expect(body.data).toMatchObject({ name: 'files', state: 'removed' });
  });

  it('shows what is wrong in the configuration', async () => {
    const problems = [{ path: 'mcpServers.broken', message: 'needs either "command" or "url"' }];
    const registry = await registryForTest({ servers: [stdio('files')], problems });
    const { body } = await registry.http.get('/servers').expect(200);
    expect(body.problems).toEqual(problems);
  });

  it('answers 404 for a name that it does not know, with those that it knows', async () => {
    const registry = await registryForTest({ servers: [stdio('files')] });
    const answer = await registry.http.get('/servers/flies').expect(404);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ status: 404, name: 'flies', servers: ['files'] });
  });
});

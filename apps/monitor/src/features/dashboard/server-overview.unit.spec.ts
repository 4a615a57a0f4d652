import { recorded } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { foldServer, type ServerOverview } from './server-overview.js';

const server = 'files';
const registered = recorded('server.registered', { server, transport: 'stdio', definition: {}, source: 'default' });
const startedEvent = recorded('server.started', {
  server,
  executor: 'e',
  protocolVersion: '2025-11-25',
  serverInfo: { name: 'fs', version: '1.2.3' },
  capabilities: {},
});
const failedEvent = recorded('server.failed', { server, executor: 'e', error: 'exited with 1', attempt: 2 });

function fold(...events: Parameters<typeof foldServer>[1][]): ServerOverview[] {
  const servers = new Map<string, ServerOverview>();
  for (const event of events) foldServer(servers, event);
  return [...servers.values()];
}

describe('foldServer', () => {
  it('follows a server through failure and recovery', () => {
    expect(fold(registered)).toMatchObject([{ name: server, state: 'registered', transport: 'stdio' }]);
    expect(fold(registered, failedEvent)).toMatchObject([{ state: 'failed', lastError: 'exited with 1' }]);
    const [recovered] = fold(registered, failedEvent, startedEvent);
    expect(recovered).toMatchObject({ state: 'running', version: '1.2.3', transport: 'stdio' });
    expect(recovered?.lastError).toBe(undefined);
  });

  it('shows what it offers, with descriptions bounded', () => {
    const tools = [
      { name: 'read', description: 'd'.repeat(5000) },
      { name: 'odd', description: 7 },
    ];
    const catalogue = {
      server,
      tools,
      prompts: [{ name: 'p' }],
      resources: [],
      resourceTemplates: [],
      definitionHashes: {},
    };
    const [overview] = fold(startedEvent, recorded('catalogue.changed', catalogue));
    expect(overview).toMatchObject({ prompts: 1, resources: 0 });
    expect(overview?.tools[0]?.description).toHaveLength(400);
    expect(overview?.tools[1]).toEqual({ name: 'odd' });
  });

  it('forgets a server that was removed', () => {
    expect(fold(registered, recorded('server.removed', { server, reason: 'gone from the file' }))).toEqual([]);
  });
});

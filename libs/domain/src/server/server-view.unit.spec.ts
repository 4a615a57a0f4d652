import type { RecordedEvent } from '@signalbox/contracts';
import { recorded } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { evolveServer, type ServerView } from './server-view.js';

const server = 'files';
const registered = recorded('server.registered', {
  server,
  transport: 'stdio',
  definition: { command: 'npx' },
  source: 'default',
});
const started = (executor: string) =>
  recorded('server.started', {
    server,
    executor,
    protocolVersion: '2025-11-25',
    serverInfo: { name: 'fs', version: '1' },
    capabilities: { tools: {} },
    instructions: 'be kind',
  });
const failed = (executor: string, retryInMs?: number) =>
  recorded(
    'server.failed',
    { server, executor, error: 'ENOENT', attempt: 2, retryInMs },
    { time: '2026-01-01T00:00:00.000Z' },
  );
const stopped = (executor: string) => recorded('server.stopped', { server, executor, reason: 'shutdown' });
const removed = recorded('server.removed', { server, reason: 'gone from the configuration' });
const commanded = (command: 'stop' | 'quarantine' | 'approve') =>
  recorded('server.commanded', { server, command, who: 'ada', why: 'test' }, { time: '2026-01-01T00:00:00.000Z' });
const ill = recorded('server.state_changed', {
  server,
  executor: 'e1',
  from: 'running',
  to: 'degraded',
  reason: 'slow',
});
const offering = (hashes: Record<string, string>) =>
  recorded('catalogue.changed', {
    server,
    tools: Object.keys(hashes).map((name) => ({ name })),
    prompts: [],
    resources: [],
    resourceTemplates: [],
    definitionHashes: hashes,
  });

const fold = (...events: RecordedEvent[]): ServerView | undefined =>
  events.reduce<ServerView | undefined>(evolveServer, undefined);

describe('evolveServer', () => {
  it.each([
    ['registered', [registered]],
    ['running', [registered, started('e1')]],
    ['running', [started('e1'), registered]],
    ['failed', [registered, failed('e1')]],
    ['stopped', [registered, started('e1'), stopped('e1')]],
    ['running', [registered, failed('e1'), started('e1')]],
    ['running', [registered, started('e1'), started('e2'), failed('e2')]],
    ['failed', [registered, started('e1'), stopped('e1'), failed('e2')]],
    ['removed', [registered, started('e1'), removed]],
    ['removed', [registered, started('e1'), removed, stopped('e1')]],
    ['registered', [registered, started('e1'), removed, registered]],
    ['stopping', [registered, started('e1'), commanded('stop')]],
    ['stopped', [registered, started('e1'), commanded('stop'), stopped('e1')]],
    ['quarantined', [registered, started('e1'), commanded('quarantine'), stopped('e1')]],
    ['starting', [registered, started('e1'), commanded('quarantine'), stopped('e1'), commanded('approve')]],
    ['running', [registered, commanded('stop'), removed, registered, started('e1')]],
    ['degraded', [registered, started('e1'), ill]],
  ] as const)('is %s (%#)', (state, events) => {
    expect(fold(...events)?.state).toBe(state);
  });

  it('keeps what the server said of itself', () => {
    expect(fold(registered, started('e1'))).toMatchObject({
      server,
      transport: 'stdio',
      definition: { command: 'npx' },
      source: 'default',
      protocolVersion: '2025-11-25',
      serverInfo: { name: 'fs', version: '1' },
      capabilities: { tools: {} },
      instructions: 'be kind',
      life: { executors: { e1: 'running' } },
    });
  });

  it('keeps the last error, with the time of the next try', () => {
    expect(fold(registered, failed('e1', 1500), started('e1'))?.lastError).toEqual({
      error: 'ENOENT',
      executor: 'e1',
      attempt: 2,
      at: '2026-01-01T00:00:00.000Z',
      retryAt: '2026-01-01T00:00:01.500Z',
    });
    expect(fold(failed('e1'))?.lastError?.retryAt).toBeUndefined();
  });

  it('keeps who commanded it last, until it is removed, and why it is degraded, until it is well', () => {
    const stop = fold(registered, started('e1'), commanded('stop'));
    expect(stop?.lastCommand).toEqual({ command: 'stop', who: 'ada', why: 'test', at: '2026-01-01T00:00:00.000Z' });
    expect(fold(registered, commanded('stop'), removed)).not.toHaveProperty('lastCommand');
    expect(fold(registered, started('e1'), ill)?.degradedReason).toBe('slow');
    expect(fold(registered, started('e1'), ill, started('e1'))?.degradedReason).toBeUndefined();
  });

  it('knows what it depends on', () => {
    const depending = recorded('server.registered', {
      server,
      transport: 'stdio',
      definition: { signalbox: { dependsOn: ['db'] } },
      source: 'api',
    });
    expect(fold(depending)?.dependsOn).toEqual(['db']);
    expect(fold(registered)?.dependsOn).toEqual([]);
  });

  it('keeps the catalogue while the server is down, and every hash that was ever seen', () => {
    const view = fold(registered, started('e1'), offering({ a: '1' }), offering({ b: '1' }), stopped('e1'));
    expect(view?.catalogue?.tools).toEqual([{ name: 'b' }]);
    expect(view?.knownHashes).toEqual({ a: '1', b: '1' });
  });

  it('has the version of its stream', () => {
    expect(fold(recorded('server.removed', { server, reason: 'x' }, { streamVersion: 7 }))?.version).toBe(7);
  });

  it('does not change for events of other kinds', () => {
    const view = fold(registered);
    expect(evolveServer(view, recorded('session.closed', { sessionId: 's1', reason: 'idle' }))).toBe(view);
  });
});

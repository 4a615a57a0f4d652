import {
  upstreamSettingsSchema,
  type EventData,
  type EventType,
  type RecordedEvent,
  type ServerCommandName,
} from '@signalbox/contracts';
import { recorded, settableClock } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { Catalogue } from './catalogue.js';

const server = 'files';
const executor = 'e1';

function running() {
  const options = { pageSize: 100, unavailableAfterMs: 60_000, graceMs: 60_000, defaultDeadlineMs: 60_000 };
  const defaultCaching = { ttlMs: 5_000, cacheScope: 'public' } as const;
  const catalogue = new Catalogue({ ...options, defaultCaching, settings: () => undefined }, settableClock(1_000));
  const apply = <T extends EventType>(type: T, data: EventData<T>) =>
    catalogue.apply([recorded(type, data, { time: new Date(1_000).toISOString() }) as RecordedEvent]);
  const start = () =>
    apply('server.started', {
      server,
      executor,
      protocolVersion: '2025-11-25',
      serverInfo: { name: 's', version: '1' },
      capabilities: {},
    });
  const stop = () => apply('server.stopped', { server, executor, reason: 'told' });
  const command = (name: ServerCommandName) => apply('server.commanded', { server, command: name, who: 'ada' });
  const register = (source: string, signalbox: object = {}) =>
    apply('server.registered', { server, transport: 'stdio', definition: { signalbox }, source });
  const remove = () => apply('server.removed', { server, reason: 'told' });
  const tools = () => catalogue.view().tools.map(({ name }) => name);
  start();
  apply('catalogue.changed', {
    server,
    tools: [{ name: 'read' }],
    prompts: [],
    resources: [],
    resourceTemplates: [],
    definitionHashes: { read: 'h' },
  });
  const classify = (wanted: EventData<'server.tool.classified'>['class']) =>
    apply('server.tool.classified', { server, tool: 'read', class: wanted, who: 'ada' });
  const classOf = () => catalogue.view().tool('files__read')?.safetyClass;
  return { catalogue, start, stop, command, register, remove, tools, classify, classOf };
}

describe('what a server offers', () => {
  it.each(['stop', 'drain', 'quarantine'] as const)('is out of the lists at once after %s', (command) => {
    const server = running();
    expect(server.tools()).toEqual(['read']);
    server.command(command);
    expect(server.tools()).toEqual([]);
    const before = server.catalogue.view();
    server.stop();
    expect(Catalogue.difference(before, server.catalogue.view())).toEqual(new Set());
  });

  it('can still be called by name, so that the caller hears why not', () => {
    const { catalogue, command } = running();
    command('quarantine');
    expect(catalogue.view().tool('files__read')).toMatchObject({ server, name: 'read' });
  });

  it('is back when it runs again, and not before', () => {
    const { command, start, stop, tools } = running();
    command('quarantine');
    start();
    expect(tools()).toEqual([]);
    stop();
    command('approve');
    expect(tools()).toEqual([]);
    start();
    expect(tools()).toEqual(['read']);
  });

  it('stays while it is restarted', () => {
    const { command, tools } = running();
    command('restart');
    expect(tools()).toEqual(['read']);
  });

  it('goes with the server, whatever its executors still say, and is known when it comes back', () => {
    const { catalogue, register, remove, start, stop, tools } = running();
    remove();
    expect([tools(), catalogue.server(server), catalogue.view().tool('files__read')]).toEqual([
      [],
      undefined,
      undefined,
    ]);
    expect(stop()).toBe(false);
    expect(catalogue.servers()).toEqual([]);
    register('api');
    expect(tools()).toEqual([]);
    start();
    expect(tools()).toEqual(['read']);
  });

  it('has the safety classes that the API gave it', () => {
    const { catalogue, register } = running();
    register('api', upstreamSettingsSchema.parse({ deadlineMs: 7, tools: { read: { class: 'read' } } }));
    expect(catalogue.view().tool('files__read')).toMatchObject({ safetyClass: 'read', deadlineMs: 7 });
    register('/etc/signalbox.json');
    expect(catalogue.view().tool('files__read')).toMatchObject({ safetyClass: 'unsafe' });
  });
});

describe('the safety class of a tool', () => {
  it('is what an operator says, until it is taken back', () => {
    const server = running();
    expect(server.classOf()).toBe('unsafe');
    server.classify('idempotent');
    expect(server.classOf()).toBe('idempotent');
    server.classify(null);
    expect(server.classOf()).toBe('unsafe');
  });

  it('is forgotten with the server: what takes its name has other tools', () => {
    const server = running();
    server.classify('read');
    server.remove();
    server.register('api');
    server.start();
    expect(server.classOf()).toBe('unsafe');
  });
});

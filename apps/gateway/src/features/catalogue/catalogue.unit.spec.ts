import {
  createEvent,
  upstreamSettingsSchema,
  type EventData,
  type EventType,
  type RecordedEvent,
} from '@signalbox/contracts';
import { settableClock } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { Catalogue } from './catalogue.js';

const settings = upstreamSettingsSchema.parse({ trusted: true, deadlineMs: 5, tools: { set: { class: 'keyed' } } });

function setUp(pageSize = 100) {
  const clock = settableClock(1_000_000);
  const catalogue = new Catalogue(
    {
      pageSize,
      graceMs: 60_000,
      defaultDeadlineMs: 60_000,
      settings: (name) => (name === 'trusted' ? settings : undefined),
    },
    clock,
  );
  const apply = <T extends EventType>(type: T, data: EventData<T>): boolean =>
    catalogue.apply([
      { ...createEvent(type, data), time: new Date(clock.now()).toISOString() } as unknown as RecordedEvent,
    ]);
  const offer = (server: string, more: Partial<EventData<'catalogue.changed'>>): boolean =>
    apply('catalogue.changed', {
      server,
      tools: [],
      prompts: [],
      resources: [],
      resourceTemplates: [],
      definitionHashes: {},
      ...more,
    });
  const started = (server: string, executor = 'e1'): boolean =>
    apply('server.started', {
      server,
      executor,
      protocolVersion: '2025-11-25',
      serverInfo: { name: server, version: '1' },
      capabilities: {},
    });
  const failed = (server: string, executor = 'e1'): boolean =>
    apply('server.failed', { server, executor, error: 'gone', attempt: 1 });
  const tools = (scope?: string): string[] =>
    JSON.parse(catalogue.view(scope).page('tools', undefined)!).tools.map(({ name }: { name: string }) => name);
  return { clock, catalogue, apply, offer, started, failed, tools };
}

describe('names', () => {
  it('are prefixed, sorted by server, and bare ones are taken when only one server has them', () => {
    const { catalogue, offer, started, tools } = setUp();
    for (const server of ['z', 'a']) started(server);
    offer('z', { tools: [{ name: 'both' }, { name: 'only' }] });
    offer('a', { tools: [{ name: 'both' }] });
    expect(tools()).toEqual(['a__both', 'z__both', 'z__only']);
    expect(tools('z')).toEqual(['both', 'only']);
    const view = catalogue.view();
    expect(view.tool('only')?.server).toBe('z');
    expect(view.tool('both')).toBeUndefined();
    expect(view.tool('a__both')?.name).toBe('both');
    expect(catalogue.view('z').tool('a__both')).toBeUndefined();
  });

  it('leave the rest of a definition as it is, key order included', () => {
    const { catalogue, offer, started } = setUp();
    started('s');
    offer('s', { tools: [{ title: 'T', name: 't', inputSchema: { $defs: { a: {} }, type: 'object' }, 'x-own': 1 }] });
    expect(catalogue.view().page('tools', undefined)).toBe(
      '{"tools":[{"title":"T","name":"s__t","inputSchema":{"$defs":{"a":{}},"type":"object"},"x-own":1}]}',
    );
  });
});

describe('safety classes and deadlines', () => {
  it('come from the operator, then from a trusted server, and are otherwise the strictest', () => {
    const { catalogue, offer } = setUp();
    const annotations = { readOnlyHint: true };
    const tools = [{ name: 'set', annotations }, { name: 'hinted', annotations }, { name: 'constructor' }];
    offer('trusted', { tools });
    offer('other', { tools });
    const of = (name: string) => catalogue.view().tool(name)!;
    expect(of('trusted__set').safetyClass).toBe('keyed');
    expect(of('trusted__hinted').safetyClass).toBe('read');
    expect(of('trusted__constructor').safetyClass).toBe('unsafe');
    expect(of('other__hinted').safetyClass).toBe('unsafe');
    expect([of('trusted__set').deadlineMs, of('other__set').deadlineMs]).toEqual([5, 60_000]);
  });
});

describe('a server that goes down', () => {
  it('stays listed for the grace period, and callable for ever', () => {
    const { catalogue, clock, offer, started, failed, tools } = setUp();
    started('s');
    offer('s', { tools: [{ name: 't' }] });
    clock.advance(100_000);
    failed('s');
    expect(tools()).toEqual(['s__t']);
    expect(catalogue.nextExpiry()).toBe(60_001);
    clock.advance(60_001);
    catalogue.refresh();
    expect(tools()).toEqual([]);
    expect(catalogue.view().tool('s__t')).toBeDefined();
    expect(catalogue.nextExpiry()).toBeUndefined();
    started('s');
    expect(tools()).toEqual(['s__t']);
  });

  it('is up while any executor is connected', () => {
    const { catalogue, offer, started, failed } = setUp();
    started('s', 'e1');
    started('s', 'e2');
    offer('s', {});
    failed('s', 'e1');
    expect(catalogue.server('s')?.downSince).toBeUndefined();
    failed('s', 'e2');
    expect(catalogue.server('s')).toMatchObject({ downSince: expect.any(Number), lastError: 'gone' });
  });

  it('long before we started is listed: it may be starting with us', () => {
    const { clock, catalogue, offer, failed, tools } = setUp();
    const now = clock.now();
    clock.set(now - 500_000);
    offer('s', { tools: [{ name: 't' }] });
    failed('s');
    clock.set(now);
    expect(tools()).toEqual(['s__t']);
    expect(catalogue.nextExpiry()).toBe(60_001);
  });

  it('is forgotten when it is removed', () => {
    const { catalogue, apply, offer, tools } = setUp();
    offer('s', { tools: [{ name: 't' }] });
    apply('server.removed', { server: 's', reason: 'config' });
    expect(tools()).toEqual([]);
    expect(catalogue.view().tool('s__t')).toBeUndefined();
  });
});

describe('resources', () => {
  it('are routed by URI, then by template, then by a scheme that only one server has', () => {
    const { catalogue, offer } = setUp();
    offer('a', { resources: [{ uri: 'a://1' }, { uri: 'shared://x' }] });
    offer('b', { resourceTemplates: [{ uriTemplate: 'b://{id}' }, { uriTemplate: 'shared://b/{id}' }] });
    const view = catalogue.view();
    expect(view.ownerOf('a://1')).toBe('a');
    expect(view.ownerOf('b://7')).toBe('b');
    expect(view.ownerOf('shared://x')).toBe('a');
    expect(view.ownerOf('shared://b/1')).toBe('b');
    expect(view.ownerOf('a://other')).toBe('a');
    expect(view.ownerOf('shared://other')).toBeUndefined();
    expect(view.ownerOf('none://x')).toBeUndefined();
    expect(view.ownerOfTemplate('b://{id}')).toBe('b');
    expect(catalogue.view('b').ownerOf('whatever')).toBe('b');
  });

  it('with one URI at two servers are listed once', () => {
    const { catalogue, offer } = setUp();
    for (const server of ['b', 'a']) offer(server, { resources: [{ uri: 'x://1', name: server }] });
    expect(catalogue.view().page('resources', undefined)).toBe('{"resources":[{"uri":"x://1","name":"a"}]}');
    expect(catalogue.view().ownerOf('x://1')).toBe('a');
  });
});

describe('differences', () => {
  it('name the lists that changed, and no others', () => {
    const { catalogue, offer } = setUp();
    offer('s', { tools: [{ name: 't' }] });
    const before = catalogue.view();
    offer('s', { tools: [{ name: 't' }], prompts: [{ name: 'p' }] });
    expect([...Catalogue.difference(before, catalogue.view())]).toEqual(['prompts']);
    const same = catalogue.view();
    offer('s', { tools: [{ name: 't' }], prompts: [{ name: 'p' }] });
    expect([...Catalogue.difference(same, catalogue.view())]).toEqual([]);
  });
});

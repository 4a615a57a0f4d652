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

interface Listed {
  readonly name: string;
  readonly _meta?: Readonly<Record<string, unknown>>;
}

function setUp(pageSize = 100) {
  const clock = settableClock(1_000_000);
  const catalogue = new Catalogue(
    {
      pageSize,
      unavailableAfterMs: 2_000,
      graceMs: 60_000,
      defaultCaching: { ttlMs: 5_000, cacheScope: 'public' },
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
  const listed = (scope?: string) => JSON.parse(catalogue.view(scope).page('tools', undefined)!).tools as Listed[];
  const tools = (scope?: string): string[] => listed(scope).map(({ name }) => name);
  return { clock, catalogue, apply, offer, started, failed, listed, tools };
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

  it('are all that differs from what the server said, key order included', () => {
    const { catalogue, offer, started } = setUp();
    started('s');
    const inputSchema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $defs: { a: { $anchor: 'here', type: 'object', properties: { self: { $ref: '#here' } } } },
      type: 'object',
      properties: { a: { $ref: '#/$defs/a' }, name: { const: 't' } },
    };
    const tool = {
      title: 'T',
      name: 't',
      icons: [{ src: 'data:image/svg+xml;base64,PHN2Zy8+', sizes: ['any'], theme: 'dark', 'x-more': [1] }],
      annotations: { readOnlyHint: true, 'x-hint': { deep: [null] } },
      inputSchema,
      execution: { taskSupport: 'optional' },
      _meta: { 'example.com/ui': { resourceUri: 'ui://x' } },
      'x-own': 1,
    };
    offer('s', { tools: [tool] });
    expect(catalogue.view().page('tools', undefined)).toBe(JSON.stringify({ tools: [{ ...tool, name: 's__t' }] }));
    expect(catalogue.view('s').page('tools', undefined)).toBe(JSON.stringify({ tools: [tool] }));
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
    clock.advance(60_001);
    catalogue.refresh();
    expect(tools()).toEqual([]);
    expect(catalogue.view().tool('s__t')).toBeDefined();
    expect(catalogue.nextExpiry()).toBeUndefined();
    started('s');
    expect(tools()).toEqual(['s__t']);
  });

  it('is marked after a moment, in every list, until it is back', () => {
    const { catalogue, clock, offer, started, failed, listed, tools } = setUp();
    started('s');
    started('other');
    offer('other', { tools: [{ name: 'whole' }] });
    offer('s', { tools: [{ name: 't', _meta: { own: 1 } }], prompts: [{ name: 'p' }], resources: [{ uri: 'x://1' }] });
    const before = catalogue.view();
    clock.advance(100_000);
    failed('s');
    expect(listed()).toEqual([{ name: 'other__whole' }, { name: 's__t', _meta: { own: 1 } }]);
    expect(catalogue.nextExpiry()).toBe(2_001);
    clock.advance(2_001);
    catalogue.refresh();
    const mark = { 'io.signalbox/unavailable': { since: new Date(1_100_000).toISOString() } };
    expect(listed()).toEqual([{ name: 'other__whole' }, { name: 's__t', _meta: { own: 1, ...mark } }]);
    expect([...Catalogue.difference(before, catalogue.view())]).toEqual(['tools', 'prompts', 'resources']);
    expect(catalogue.nextExpiry()).toBe(58_000);
    started('s');
    expect(tools()).toEqual(['other__whole', 's__t']);
    expect([...Catalogue.difference(before, catalogue.view())]).toEqual([]);
    expect(catalogue.nextExpiry()).toBeUndefined();
  });

  it('for a moment only is not seen to have been away', () => {
    const { catalogue, clock, offer, started, failed } = setUp();
    started('s');
    offer('s', { tools: [{ name: 't' }] });
    const before = catalogue.view();
    failed('s');
    clock.advance(1_000);
    catalogue.refresh();
    started('s');
    expect([...Catalogue.difference(before, catalogue.view())]).toEqual([]);
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
    const { clock, catalogue, offer, failed, listed, tools } = setUp();
    const now = clock.now();
    clock.set(now - 500_000);
    offer('s', { tools: [{ name: 't' }] });
    failed('s');
    clock.set(now);
    expect(listed()).toEqual([{ name: 's__t' }]);
    clock.advance(2_001);
    catalogue.refresh();
    expect(tools()).toEqual(['s__t']);
    expect(listed()[0]?._meta).toHaveProperty('io.signalbox/unavailable');
    expect(catalogue.nextExpiry()).toBe(58_000);
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

describe('hints for caches', () => {
  const caching = (ttlMs: number, cacheScope: 'public' | 'private') => ({ caching: { tools: { ttlMs, cacheScope } } });
  const hintsOf = (catalogue: Catalogue, scope?: string) => {
    const { ttlMs, cacheScope } = JSON.parse(catalogue.view(scope).page('tools', undefined, true)!);
    return { ttlMs, cacheScope };
  };

  it('are those of the server, and of several the strictest', () => {
    const { catalogue, offer } = setUp();
    offer('a', caching(1_000, 'private'));
    offer('b', caching(500, 'public'));
    expect(hintsOf(catalogue, 'a')).toEqual({ ttlMs: 1_000, cacheScope: 'private' });
    expect(hintsOf(catalogue, 'b')).toEqual({ ttlMs: 500, cacheScope: 'public' });
    expect(hintsOf(catalogue)).toEqual({ ttlMs: 500, cacheScope: 'private' });
    expect(catalogue.view().caching('prompts')).toEqual({ ttlMs: 5_000, cacheScope: 'public' });
  });

  it('are the configured ones for servers that say nothing, and these count among several', () => {
    const { catalogue, offer } = setUp();
    expect(hintsOf(catalogue)).toEqual({ ttlMs: 5_000, cacheScope: 'public' });
    offer('a', caching(9_000, 'private'));
    offer('old', {});
    expect(hintsOf(catalogue)).toEqual({ ttlMs: 5_000, cacheScope: 'private' });
    expect(hintsOf(catalogue, 'old')).toEqual({ ttlMs: 5_000, cacheScope: 'public' });
  });

  it('are only there when they are asked for', () => {
    const { catalogue } = setUp();
    expect(catalogue.view().page('tools', undefined)).toBe('{"tools":[]}');
  });

  it('do not make a list another one when they change', () => {
    const { catalogue, offer } = setUp();
    offer('a', { tools: [{ name: 't' }], ...caching(1_000, 'private') });
    const before = catalogue.view();
    offer('a', { tools: [{ name: 't' }], ...caching(2_000, 'private') });
    expect(hintsOf(catalogue).ttlMs).toBe(2_000);
    expect([...Catalogue.difference(before, catalogue.view())]).toEqual([]);
  });
});

describe('the list of tools', () => {
  it('has the tools of the gateway first, and shows what it is told to; all can be called', () => {
    const { catalogue, offer, tools } = setUp();
    offer('s', { tools: [{ name: 'shown' }, { name: 'hidden' }] });
    catalogue.listTools({
      own: [{ definition: { name: 'signalbox__search_tools' }, call: () => ({ result: {} }) }],
      shows: (name) => name === 's__shown',
    });
    expect(tools()).toEqual(['signalbox__search_tools', 's__shown']);
    expect(tools('s')).toEqual(['shown', 'hidden']);
    expect(catalogue.view().tool('s__hidden')?.name).toBe('hidden');
    expect(catalogue.view().names('tools')).toEqual(['s__shown', 's__hidden']);
    expect(catalogue.view().tools.map(({ exposed }) => exposed)).toEqual(['s__shown', 's__hidden']);
  });
});

describe('revisions that somebody has read', () => {
  it('are known until they are asked for, but for the present one and those that nobody read', () => {
    const { catalogue, offer, started, tools } = setUp();
    started('s');
    offer('s', { tools: [{ name: 'a' }] });
    const first = catalogue.view();
    expect(tools()).toEqual(['s__a']);
    offer('s', { tools: [{ name: 'b' }] });
    catalogue.view();
    offer('s', { tools: [{ name: 'c' }] });
    expect(tools()).toEqual(['s__c']);
    expect(catalogue.takeServed(undefined)).toEqual([first]);
    expect(catalogue.takeServed(undefined)).toEqual([]);
  });

  it('are bounded: the first and the newest stay', () => {
    const { catalogue, offer, started, tools } = setUp();
    started('s');
    for (let count = 0; count < 100; count++) {
      offer('s', { tools: [{ name: `t${count}` }] });
      expect(tools()).toEqual([`s__t${count}`]);
    }
    offer('s', {});
    const served = catalogue.takeServed(undefined).map((view) => view.names('tools')[0]);
    expect(served).toHaveLength(32);
    expect([served[0], served.at(-1)]).toEqual(['s__t0', 's__t99']);
  });
});

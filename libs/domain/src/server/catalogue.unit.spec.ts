import { createEvent } from '@signalbox/contracts';
import { given } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { catalogueDecider, diffCatalogue, type Catalogue } from './catalogue.js';

const server = 'files';
const catalogue = (hashes: Record<string, string>, extra: Partial<Catalogue> = {}): Catalogue => ({
  tools: Object.keys(hashes).map((name) => ({ name, description: `as ${hashes[name]}` })),
  prompts: [],
  resources: [],
  resourceTemplates: [],
  definitionHashes: hashes,
  ...extra,
});
const changed = (next: Catalogue) => createEvent('catalogue.changed', { server, ...next });

describe('diffCatalogue', () => {
  it('names added, removed and redefined tools, sorted', () => {
    const current = catalogue({ z: '1', kept: '1', other: '1', a: '1' });
    const next = catalogue({ kept: '1', other: '2', new2: '1', new1: '1' });
    expect(diffCatalogue({ current, knownHashes: current.definitionHashes }, next)).toEqual({
      changed: true,
      added: ['new1', 'new2'],
      removed: ['a', 'z'],
      redefined: [{ tool: 'other', previousHash: '1', hash: '2' }],
    });
  });

  it('takes a tool called constructor for new', () => {
    expect(diffCatalogue({ current: catalogue({}), knownHashes: {} }, catalogue({ constructor: '1' }))).toMatchObject({
      added: ['constructor'],
      redefined: [],
    });
  });
});

describe('observing a catalogue', () => {
  it('writes the first, even when it is empty', () => {
    given(catalogueDecider)
      .when({ server, changeId: 'c', catalogue: catalogue({}) })
      .then([changed(catalogue({}))]);
  });

  it('writes nothing when it is as before', () => {
    const same = catalogue({ a: '1', b: '1' });
    given(catalogueDecider, [changed(same)])
      .when({ server, changeId: 'c', catalogue: same })
      .thenNothing();
  });

  it('writes nothing when only the order differs', () => {
    const resources = [{ uri: 'file:///a' }, { uri: 'file:///b' }];
    given(catalogueDecider, [changed(catalogue({ a: '1', b: '1' }, { resources }))])
      .when({ server, changeId: 'c', catalogue: catalogue({ b: '1', a: '1' }, { resources: resources.toReversed() }) })
      .thenNothing();
  });

  it('writes new and removed tools without a definition change', () => {
    const next = catalogue({ b: '1' });
    given(catalogueDecider, [changed(catalogue({ a: '1' }))])
      .when({ server, changeId: 'c', catalogue: next })
      .then([changed(next)]);
  });

  it('writes each tool whose definition has changed', () => {
    const next = catalogue({ a: '2', b: '1' });
    given(catalogueDecider, [changed(catalogue({ a: '1', b: '1' }))])
      .when({ server, changeId: 'c', catalogue: next })
      .then([
        changed(next),
        {
          type: 'tool.definition.changed',
          data: { server, tool: 'a', previousHash: '1', hash: '2', definition: { name: 'a', description: 'as 2' } },
        },
      ]);
  });

  it('notices a tool that went and came back in another guise', () => {
    const next = catalogue({ a: '2' });
    given(catalogueDecider, [changed(catalogue({ a: '1' })), changed(catalogue({}))])
      .when({ server, changeId: 'c', catalogue: next })
      .then([
        changed(next),
        {
          type: 'tool.definition.changed',
          data: { server, tool: 'a', previousHash: '1', hash: '2', definition: { name: 'a', description: 'as 2' } },
        },
      ]);
  });

  it.each([
    { prompts: [{ name: 'p' }] },
    { resources: [{ uri: 'file:///a' }] },
    { resourceTemplates: [{ uriTemplate: 'file:///{x}' }] },
    { caching: { tools: { ttlMs: 5_000, cacheScope: 'public' as const } } },
  ])('writes a change of %o', (extra) => {
    const next = catalogue({ a: '1' }, extra);
    given(catalogueDecider, [changed(catalogue({ a: '1' }))])
      .when({ server, changeId: 'c', catalogue: next })
      .then([changed(next)]);
  });

  it('folds over other events of the stream', () => {
    const definition = { name: 'a' };
    const noise = createEvent('tool.definition.changed', {
      server,
      tool: 'a',
      previousHash: '0',
      hash: '1',
      definition,
    });
    given(catalogueDecider, [changed(catalogue({ a: '1' })), noise]).hasState({ knownHashes: { a: '1' } });
  });
});

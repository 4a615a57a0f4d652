import { newId, upstreamSettingsSchema, type UpstreamSettings } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { federationConfigSchema } from '../../config.js';
import { newServerEntry, type ServerCatalogue, type ServerEntry } from '../catalogue/server-entry.js';
import { exportedEntries, importedEntries, superfluous, type Sharing } from './sharing.js';

const [own, east, north] = [newId(), newId(), newId()];

function entry(name: string, tools: object[], suite?: string): ServerEntry {
  const catalogue = { server: name, tools, prompts: [], resources: [], resourceTemplates: [], definitionHashes: {} };
  const capabilities = suite && { experimental: { 'io.signalbox/federation': { suite } } };
  return {
    ...newServerEntry(name, 0),
    catalogue: catalogue as unknown as ServerCatalogue,
    ...(capabilities && { capabilities }),
  };
}

const settings: Record<string, UpstreamSettings> = {
  east: upstreamSettingsSchema.parse({ peer: {} }),
  north: upstreamSettingsSchema.parse({ peer: {} }),
  files: upstreamSettingsSchema.parse({ tools: { read: { class: 'read' } } }),
};
function sharing(config: object = {}): Sharing {
  const isBuiltIn = (server: string) => server === 'registry';
  return { own, config: federationConfigSchema.parse(config), isBuiltIn, settings: (server) => settings[server] };
}
const from = (name: string, ...via: string[]) => ({ name, _meta: { 'io.signalbox/origin': { name, via } } });
const names = (entries: readonly ServerEntry[]) =>
  entries.flatMap((e) => e.catalogue!.tools.map((t) => `${e.name}/${t.name}`));

const files = entry('files', [{ name: 'read', annotations: {}, _meta: { theirs: 1 } }, { name: 'write' }]);
const registry = entry('registry', [{ name: 'find' }]);
const eastern = entry(
  'east',
  [from('sql__query', east), from('north__web__get', north, east), from('west__files__read', own, east)],
  east,
);

describe('what a peer sees', () => {
  it('is what this suite has of its own, with its origin and its class', () => {
    const [seen, ...others] = exportedEntries([eastern, files, registry], north, sharing());
    expect(others).toEqual([]);
    const [read, write] = seen!.catalogue!.tools;
    expect(read!['_meta']).toEqual({
      theirs: 1,
      'io.signalbox/origin': { name: 'files__read', via: [own] },
      'io.signalbox/class': 'read',
    });
    expect(write!['_meta']).toMatchObject({ 'io.signalbox/class': 'unsafe' });
  });

  it('has what other peers have too, in transit, but nothing that came through it or is too far away', () => {
    expect(names(exportedEntries([eastern], newId(), sharing({ transit: true })))).toHaveLength(3);
    expect(names(exportedEntries([eastern], north, sharing({ transit: true })))).toEqual([
      'east/sql__query',
      'east/west__files__read',
    ]);
    expect(names(exportedEntries([eastern], newId(), sharing({ transit: true, maxHops: 2 })))).toEqual([
      'east/sql__query',
    ]);
    expect(names(exportedEntries([eastern], east, sharing({ transit: true })))).toEqual([]);
  });

  it('is nothing while it is not known which suite this is', () => {
    expect(exportedEntries([files], east, { ...sharing(), own: undefined })).toEqual([]);
  });
});

describe('what clients see', () => {
  it('is what this suite has before what peers have, and nothing of its own that comes back', () => {
    expect(names(importedEntries([eastern, files], sharing()))).toEqual([
      'files/read',
      'files/write',
      'east/sql__query',
      'east/north__web__get',
    ]);
  });

  it('has nothing of a peer before it is known who that is, or who we are', () => {
    const unknown = { ...eastern, capabilities: undefined };
    expect(names(importedEntries([unknown, files], sharing()))).toEqual(['files/read', 'files/write']);
    expect(names(importedEntries([eastern], { ...sharing(), own: undefined }))).toEqual([]);
  });

  it('has each tool once, by the best way', () => {
    const northern = entry('north', [from('web__get', north), from('east__sql__query', east, north)], north);
    // the name that a tool has at home is the same by all ways
    const around = {
      ...from('north__web__get', north, east),
      _meta: { 'io.signalbox/origin': { name: 'web__get', via: [north, east] } },
    };
    const byEast = entry('east', [around], east);
    const settingsOf = (server: string) => settings[server];
    const both = [byEast, northern];
    expect(superfluous(both, settingsOf, () => true)).toEqual(new Set([around]));
    const direct = northern.catalogue!.tools[0];
    expect(superfluous(both, settingsOf, ({ name }) => name === 'east')).toEqual(new Set([direct]));
  });
});

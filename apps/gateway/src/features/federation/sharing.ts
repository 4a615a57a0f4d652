import {
  ORIGIN,
  originOf,
  SAFETY_CLASS,
  statedClassOf,
  suiteOf,
  type Origin,
  type UpstreamSettings,
} from '@signalbox/contracts';
import { safetyClassOf } from '@signalbox/domain/call';
import { isExported, mayShow, originFrom, superfluousWays, type Way } from '@signalbox/domain/federation';
import { exposedName } from '@signalbox/mcp';
import type { FederationConfig } from '../../config.js';
import type { ServerCatalogue, ServerEntry } from '../catalogue/server-entry.js';

/** What sharing the catalogue with peers depends on. */
export interface Sharing {
  /** This suite; undefined as long as the log has not been read. */
  readonly own: string | undefined;
  readonly config: FederationConfig;
  isBuiltIn(server: string): boolean;
  settings(server: string): UpstreamSettings | undefined;
}

type Definition = Readonly<Record<string, unknown>>;

/** What clients of this suite see: its own servers before those of its peers, and nothing of its own that comes back by them. */
export function importedEntries(entries: readonly ServerEntry[], sharing: Sharing): ServerEntry[] {
  const isPeer = ({ name }: ServerEntry): boolean => sharing.settings(name)?.peer !== undefined;
  const peers = entries.filter(isPeer);
  if (peers.length === 0) return [...entries];
  const { own } = sharing;
  const ownEntries = entries.filter((entry) => !isPeer(entry));
  const theirs = peers.map((entry) => {
    const suite = suiteOf(entry.capabilities);
    // until it is known who it is, nothing of it can be told from what is at home here
    if (suite === undefined || own === undefined) return withLists(entry, () => undefined);
    const keep = (definition: object, name: string): boolean =>
      !originFrom(originOf(definition), suite, name).via.includes(own);
    return withLists(entry, (definition, name) => (keep(definition, name) ? definition : undefined));
  });
  return [...ownEntries, ...theirs];
}

/** Definitions of tools and prompts that reach this suite by several peers, but for those by the best of them: these are not listed. */
export function superfluous(
  entries: readonly ServerEntry[],
  settings: Sharing['settings'],
  isAvailable: (entry: ServerEntry) => boolean,
): Set<object> {
  const found: (Way & { readonly definition: object })[] = [];
  const suites = entries.flatMap((entry) => {
    const suite = settings(entry.name)?.peer && suiteOf(entry.capabilities);
    return suite === undefined ? [] : [{ entry, suite }];
  });
  if (suites.length < 2) return new Set();
  for (const { entry, suite } of suites) {
    const way = { peer: entry.name, isAvailable: isAvailable(entry) };
    for (const definition of [...(entry.catalogue?.tools ?? []), ...(entry.catalogue?.prompts ?? [])]) {
      const kind = definition['inputSchema'] === undefined ? 'prompt' : 'tool';
      const { name, via } = originFrom(originOf(definition), suite, definition.name);
      found.push({ ...way, definition, origin: { name: `${kind} ${name}`, via } });
    }
  }
  return new Set([...superfluousWays(found)].map(({ definition }) => definition));
}

/** What a peer sees: what the configuration exports, but nothing that has come through that peer. */
export function exportedEntries(entries: readonly ServerEntry[], to: string, sharing: Sharing): ServerEntry[] {
  const { own, config } = sharing;
  if (own === undefined) return [];
  return entries.flatMap((entry) => {
    const settings = sharing.settings(entry.name);
    const isPeer = settings?.peer !== undefined;
    const server = { name: entry.name, isPeer, isBuiltIn: sharing.isBuiltIn(entry.name) };
    if (!isExported(server, config)) return [];
    const from = isPeer ? suiteOf(entry.capabilities) : undefined;
    if (isPeer && from === undefined) return [];
    const exported = (definition: Definition, name: string, kind: ListName): Definition | undefined => {
      const shown = kind === 'tools' || kind === 'prompts' ? exposedName(entry.name, name) : name;
      const before = from === undefined ? undefined : originFrom(originOf(definition), from, name);
      const origin: Origin = before ? { ...before, via: [...before.via, own] } : { name: shown, via: [own] };
      if (!mayShow(origin, to, config.maxHops)) return undefined;
      if (kind !== 'tools') return withMeta(definition, { [ORIGIN]: origin });
      const described = { name, annotations: definition['annotations'] };
      const stated = isPeer ? statedClassOf(definition) : undefined;
      const safetyClass = safetyClassOf(described, settings, entry.toolClasses, stated);
      return withMeta(definition, { [ORIGIN]: origin, [SAFETY_CLASS]: safetyClass });
    };
    return [withLists(entry, exported)];
  });
}

type ListName = 'tools' | 'prompts' | 'resources' | 'resourceTemplates';

/** The entry with other definitions; those that become undefined are left out. */
function withLists(
  entry: ServerEntry,
  change: (definition: Definition, name: string, list: ListName) => Definition | undefined,
): ServerEntry {
  const { catalogue } = entry;
  if (!catalogue) return entry;
  const list = <T extends object>(items: readonly T[], key: string, name: ListName): T[] =>
    items.flatMap((item) => {
      const changed = change(item as unknown as Definition, String((item as unknown as Definition)[key]), name);
      return changed === undefined ? [] : [changed as unknown as T];
    });
  const changed: ServerCatalogue = {
    ...catalogue,
    tools: list(catalogue.tools, 'name', 'tools'),
    prompts: list(catalogue.prompts, 'name', 'prompts'),
    resources: list(catalogue.resources, 'uri', 'resources'),
    resourceTemplates: list(catalogue.resourceTemplates, 'uriTemplate', 'resourceTemplates'),
  };
  return { ...entry, catalogue: changed };
}

function withMeta(definition: Definition, more: Definition): Definition {
  const { _meta: meta } = definition;
  const known = typeof meta === 'object' && meta !== null && !Array.isArray(meta) ? meta : {};
  return { ...definition, _meta: { ...known, ...more } };
}

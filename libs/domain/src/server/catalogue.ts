import { createEvent, type EventData, type NewEvent } from '@signalbox/contracts';
import type { Decider } from '../decider/index.js';
import { joinCatalogue, splitCatalogue, type PendingParts } from './catalogue-parts.js';
import { sameJson } from './same-json.js';

/** What an upstream server offers, as it said it. */
export type Catalogue = Omit<EventData<'catalogue.changed'>, 'server' | 'part'>;

/** Characters of JSON in one event: at most three bytes each, so that a commit of 1 MiB holds them. */
const MAX_CHARS = 256 * 1024;

export interface CatalogueState {
  /** Absent until the first `catalogue.changed`. */
  readonly current?: Catalogue;
  /** Tool name → the last hash it had, tools that have gone included: one that comes back in another guise is noticed. */
  readonly knownHashes: Readonly<Record<string, string>>;
  /** Parts of changes that are not whole yet. */
  readonly pending?: PendingParts;
}

export interface CatalogueDiff {
  /** False when nothing differs but the order. */
  readonly changed: boolean;
  /** Names of tools, sorted. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Tools that had another definition when they were last seen. */
  readonly redefined: readonly { readonly tool: string; readonly previousHash: string; readonly hash: string }[];
}

/** What differs between the catalogue as it was known and as the server says it now. */
export function diffCatalogue({ current, knownHashes }: CatalogueState, next: Catalogue): CatalogueDiff {
  const before = current?.definitionHashes ?? {};
  const after = next.definitionHashes;
  const names = Object.keys(after).sort();
  const added = names.filter((tool) => !Object.hasOwn(before, tool));
  const removed = Object.keys(before)
    .filter((tool) => !Object.hasOwn(after, tool))
    .sort();
  const redefined = names.flatMap((tool) => {
    const previousHash = Object.hasOwn(knownHashes, tool) ? knownHashes[tool]! : undefined;
    const hash = after[tool]!;
    return previousHash === undefined || previousHash === hash ? [] : [{ tool, previousHash, hash }];
  });
  const changed =
    current === undefined ||
    added.length + removed.length + redefined.length > 0 ||
    current.resourceList?.hash !== next.resourceList?.hash ||
    !sameJson(current.caching ?? {}, next.caching ?? {}) ||
    !sameSet(current.prompts, next.prompts, ({ name }) => name) ||
    !sameSet(current.resources, next.resources, ({ uri }) => uri) ||
    !sameSet(current.resourceTemplates, next.resourceTemplates, ({ uriTemplate }) => uriTemplate);
  return { changed, added, removed, redefined };
}

function sameSet<T>(a: readonly T[], b: readonly T[], keyOf: (item: T) => string): boolean {
  const sorted = (items: readonly T[]): T[] => [...items].sort((x, y) => (keyOf(x) < keyOf(y) ? -1 : 1));
  return a.length === b.length && (sameJson(a, b) || sameJson(sorted(a), sorted(b)));
}

export interface ObserveCatalogue {
  readonly server: string;
  readonly catalogue: Catalogue;
  /** Names the change, should it take several events; unique in the stream. */
  readonly changeId: string;
}

export type CatalogueEvent = NewEvent<'catalogue.changed' | 'tool.definition.changed'>;

/**
 * Decides what to write when a server has said what it offers: nothing when it is what it was, else the whole catalogue, and one
 * `tool.definition.changed` for each tool whose definition is not the one it had when it was last seen.
 * Folds over all events of the server's stream; those of other kinds change nothing.
 */
export const catalogueDecider: Decider<CatalogueState, ObserveCatalogue, CatalogueEvent> = {
  initial: { knownHashes: {} },

  evolve(state, event) {
    if (event.type !== 'catalogue.changed') return state;
    const { whole, pending } = joinCatalogue(state.pending ?? {}, event.data);
    if (!whole) return { ...state, pending };
    const { server: _server, ...current } = whole;
    return { current, knownHashes: { ...state.knownHashes, ...current.definitionHashes }, pending };
  },

  decide({ server, catalogue, changeId }, state) {
    const { changed, redefined } = diffCatalogue(state, catalogue);
    if (!changed) return [];
    const definitions = new Map(catalogue.tools.map((tool) => [tool.name, tool]));
    return [
      ...splitCatalogue({ server, ...catalogue }, MAX_CHARS, changeId).map((part) =>
        createEvent('catalogue.changed', part),
      ),
      ...redefined.map(({ tool, previousHash, hash }) =>
        createEvent('tool.definition.changed', {
          server,
          tool,
          previousHash,
          hash,
          definition: definitions.get(tool) ?? { name: tool },
        }),
      ),
    ];
  },
};

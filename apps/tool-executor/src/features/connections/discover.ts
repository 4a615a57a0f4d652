import type { CachingHint } from '@signalbox/contracts';
import type { Catalogue } from '@signalbox/domain/server';
import { ErrorCode, UpstreamProtocolError, type UpstreamConnection } from '@signalbox/mcp';
import { definitionHash } from './definition-hash.js';

export interface DiscoveryLimits {
  readonly timeoutMs: number;
  readonly maxPages: number;
  readonly maxItems: number;
}

interface List {
  /** The capability that announces it. */
  readonly capability: string;
  readonly method: string;
  readonly field: string;
  /** What names an item: an item without it, or with one that came before, is left out. */
  readonly key: string;
}

const TOOLS: List = { capability: 'tools', method: 'tools/list', field: 'tools', key: 'name' };
const PROMPTS: List = { capability: 'prompts', method: 'prompts/list', field: 'prompts', key: 'name' };
const RESOURCES: List = { capability: 'resources', method: 'resources/list', field: 'resources', key: 'uri' };
const TEMPLATES: List = {
  capability: 'resources',
  method: 'resources/templates/list',
  field: 'resourceTemplates',
  key: 'uriTemplate',
};

type Item = Record<string, unknown>;

/** Reads all pages of all lists that the server announces. @throws when a list cannot be read whole */
export async function discoverCatalogue(connection: UpstreamConnection, limits: DiscoveryLimits): Promise<Catalogue> {
  const lists = [TOOLS, PROMPTS, RESOURCES, TEMPLATES];
  const found = await Promise.all(lists.map((list) => readList(connection, list, limits)));
  const [tools, prompts, resources, resourceTemplates] = found.map(({ items }) => items);
  const hashes = tools!.map((tool) => [tool['name'], definitionHash(tool)]);
  const hints = found.flatMap(({ caching }, index) => (caching ? [[lists[index]!.field, caching]] : []));
  // the items are as loose as the server made them: only their keys have been looked at
  return {
    tools,
    prompts,
    resources,
    resourceTemplates,
    definitionHashes: Object.fromEntries(hashes),
    ...(hints.length > 0 ? { caching: Object.fromEntries(hints) } : {}),
  } as unknown as Catalogue;
}

interface ReadList {
  readonly items: Item[];
  /** The strictest that the pages say; undefined for servers that say nothing. */
  readonly caching?: CachingHint | undefined;
}

async function readList(connection: UpstreamConnection, list: List, limits: DiscoveryLimits): Promise<ReadList> {
  const items = new Map<string, Item>();
  if (connection.initialize.capabilities[list.capability] === undefined) return { items: [] };
  const deadline = Date.now() + limits.timeoutMs;
  let caching: CachingHint | undefined;
  let cursor: unknown;
  for (let page = 0; page < limits.maxPages; page++) {
    const outcome = await connection.request(list.method, cursor === undefined ? undefined : { cursor }, { deadline });
    if ('error' in outcome) {
      if (outcome.error.code === ErrorCode.MethodNotFound) return { items: [...items.values()], caching };
      throw new UpstreamProtocolError(`${list.method}: ${outcome.error.message} (${outcome.error.code})`);
    }
    const result = outcome.result as Item | null;
    for (const item of itemsOf(result?.[list.field])) {
      const key = item[list.key];
      if (typeof key === 'string' && !items.has(key)) items.set(key, item);
    }
    if (items.size > limits.maxItems) throw tooMuch(list, `${items.size} items`, limits);
    caching = stricter(caching, result);
    const next = result?.['nextCursor'];
    if (typeof next !== 'string' || next === cursor) return { items: [...items.values()], caching };
    cursor = next;
  }
  throw tooMuch(list, `${limits.maxPages} pages and more to come`, limits);
}

/** What holds for a list after one more page (MCP 2026-07-28, caching): the shorter time, and private when any page is. */
function stricter(known: CachingHint | undefined, page: Item | null): CachingHint | undefined {
  const ttlMs = page?.['ttlMs'];
  if (typeof ttlMs !== 'number' || !(ttlMs >= 0)) return known;
  const isPublic = page?.['cacheScope'] === 'public' && known?.cacheScope !== 'private';
  return { ttlMs: Math.min(ttlMs, known?.ttlMs ?? Infinity), cacheScope: isPublic ? 'public' : 'private' };
}

function itemsOf(value: unknown): Item[] {
  return Array.isArray(value) ? value.filter((item): item is Item => typeof item === 'object' && item !== null) : [];
}

function tooMuch(list: List, what: string, { maxItems, maxPages }: DiscoveryLimits): Error {
  return new UpstreamProtocolError(
    `${list.method} has ${what}; at most ${maxItems} items on ${maxPages} pages are read`,
  );
}

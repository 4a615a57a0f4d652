import type { ClientContext } from '@signalbox/contracts';
import type { ClientChannel } from '@signalbox/mcp';
import type { UpstreamForwarder } from '../forward/upstream-forwarder.js';
import type { ServerCatalogue } from './server-entry.js';

type Resource = ServerCatalogue['resources'][number];

export interface ListLimits {
  readonly maxItems: number;
  readonly maxPages: number;
  /** For all pages together. */
  readonly timeoutMs: number;
}

/** Nobody stands behind the request: there is nobody to ask or to tell. */
const NOBODY: ClientChannel = {
  notify: () => undefined,
  ask: () => Promise.resolve({ error: { code: -32601, message: 'There is no client to ask' } }),
  onCancelled: () => undefined,
};

/**
 * Reads all pages of a server's list of resources through an executor.
 * @throws Error when the list cannot be read whole within the limits
 */
export async function readResourceList(
  server: string,
  client: ClientContext,
  forwarder: Pick<UpstreamForwarder, 'forward'>,
  { maxItems, maxPages, timeoutMs }: ListLimits,
  now: number,
): Promise<Resource[]> {
  const found = new Map<string, Resource>();
  const deadline = now + timeoutMs;
  let cursor: string | undefined;
  for (let page = 0; page < maxPages; page++) {
    const outcome = await forwarder.forward({
      server,
      method: 'resources/list',
      params: cursor === undefined ? {} : { cursor },
      caller: { via: 'rest', client },
      channel: NOBODY,
      deadline,
    });
    if ('error' in outcome) throw new Error(`resources/list: ${outcome.error.message} (${outcome.error.code})`);
    const { resources, nextCursor } = (outcome.result ?? {}) as { resources?: unknown; nextCursor?: unknown };
    for (const resource of Array.isArray(resources) ? (resources as unknown[]) : []) {
      if (isResource(resource) && !found.has(resource.uri)) found.set(resource.uri, resource);
    }
    if (found.size > maxItems) break;
    if (typeof nextCursor !== 'string' || nextCursor === cursor) return [...found.values()];
    cursor = nextCursor;
  }
  throw new Error(`resources/list has more than ${maxItems} items or ${maxPages} pages; no more are read`);
}

function isResource(value: unknown): value is Resource {
  return typeof value === 'object' && value !== null && typeof (value as { uri?: unknown }).uri === 'string';
}

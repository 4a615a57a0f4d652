import type { UpstreamConnection } from '@signalbox/mcp';
import { expect, it } from 'vitest';
import { discoverCatalogue } from './discover.js';

const LIMITS = { timeoutMs: 1_000, maxPages: 10, maxItems: 100 };

/** A server whose lists have these pages. */
function serverWith(pages: Readonly<Record<string, readonly object[]>>): UpstreamConnection {
  return {
    initialize: { capabilities: { tools: {}, prompts: {} } },
    request: async (method: string, params?: { cursor?: string }) => {
      const index = Number(params?.cursor ?? 0);
      const all = pages[method] ?? [{}];
      return { result: { ...all[index], ...(index + 1 < all.length ? { nextCursor: String(index + 1) } : {}) } };
    },
  } as unknown as UpstreamConnection;
}

it('keeps what servers say of keeping their lists: the strictest of the pages', async () => {
  const server = serverWith({
    'tools/list': [
      { tools: [{ name: 'a' }], ttlMs: 5_000, cacheScope: 'public' },
      { tools: [{ name: 'b' }], ttlMs: 1_000, cacheScope: 'private' },
      { tools: [{ name: 'c' }], ttlMs: 9_000, cacheScope: 'public' },
    ],
    'prompts/list': [{ prompts: [{ name: 'p' }], ttlMs: 0 }],
  });
  const { tools, caching } = await discoverCatalogue(server, LIMITS);
  expect(tools.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  expect(caching).toEqual({
    tools: { ttlMs: 1_000, cacheScope: 'private' },
    prompts: { ttlMs: 0, cacheScope: 'private' },
  });
});

it.each([[{}], [{ ttlMs: 'soon' }], [{ ttlMs: -1 }]])('knows nothing of it where a server says %j', async (said) => {
  const catalogue = await discoverCatalogue(
    serverWith({ 'tools/list': [{ tools: [{ name: 'a' }], ...said }] }),
    LIMITS,
  );
  expect(catalogue).not.toHaveProperty('caching');
});

import type { EventData } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { joinCatalogue, splitCatalogue, type PendingParts } from './catalogue-parts.js';

const tools = Array.from({ length: 50 }, (_, index) => ({ name: `t${index}`, description: 'x'.repeat(50) }));
const whole: EventData<'catalogue.changed'> = {
  server: 's',
  tools,
  prompts: [{ name: 'p' }],
  resources: [],
  resourceTemplates: [{ uriTemplate: 'x://{id}' }],
  definitionHashes: Object.fromEntries(tools.map(({ name }) => [name, `hash of ${name}`])),
  resourceList: { count: 100, hash: 'h' },
  caching: { tools: { ttlMs: 1_000, cacheScope: 'private' } },
};
const join = (parts: readonly EventData<'catalogue.changed'>[]) => {
  let pending: PendingParts = {};
  const found: unknown[] = [];
  for (const part of parts) {
    const joined = joinCatalogue(pending, part);
    pending = joined.pending;
    if (joined.whole) found.push(joined.whole);
  }
  return { pending, found };
};

describe('a catalogue', () => {
  it('that fits is one event, as it is', () => {
    expect(splitCatalogue(whole, 1_000_000, 'c')).toEqual([whole]);
    expect(join([whole]).found).toEqual([whole]);
  });

  it('that does not fit is told in parts which make it again', () => {
    const parts = splitCatalogue(whole, 1_000, 'c');
    expect(parts.length).toBeGreaterThan(5);
    expect(parts.map(({ part }) => part)).toEqual(parts.map((_, index) => ({ id: 'c', index, count: parts.length })));
    for (const part of parts) expect(JSON.stringify(part).length).toBeLessThan(2_000);
    expect(join(parts)).toEqual({ pending: {}, found: [whole] });
  });

  it('has a part of its own for an item that is larger than a part', () => {
    const large = { ...whole, tools: [{ name: 'small' }, { name: 'big', description: 'x'.repeat(5_000) }, ...tools] };
    expect(join(splitCatalogue(large, 1_000, 'c')).found).toMatchObject([{ tools: large.tools }]);
  });

  it('is whole when two executors tell it at the same time', () => {
    const [a, b] = [splitCatalogue(whole, 1_000, 'a'), splitCatalogue({ ...whole, prompts: [] }, 1_000, 'b')];
    const mixed = Array.from({ length: Math.max(a.length, b.length) }, (_, i) => [a[i], b[i]]).flat();
    const { found, pending } = join(mixed.filter((part) => part !== undefined));
    expect(found).toHaveLength(2);
    expect(pending).toEqual({});
  });

  it('is nothing when a part is missing, and what was begun is not kept for ever', () => {
    const parts = splitCatalogue(whole, 1_000, 'c');
    expect(join(parts.filter((_, index) => index !== 1)).found).toEqual([]);
    const begun = Array.from({ length: 20 }, (_, index) => splitCatalogue(whole, 1_000, `c${index}`)[0]!);
    expect(Object.keys(join(begun).pending)).toEqual(['c16', 'c17', 'c18', 'c19']);
  });
});

import { describe, expect, it } from 'vitest';
import type { Caller } from '../../../caller.js';
import { cacheKey } from './cache-key.js';
import { ResultCache, type CachedResult } from './result-cache.js';

const entry = (more: Partial<CachedResult> = {}): CachedResult => ({
  result: {},
  server: 's',
  kind: 'resources',
  uri: 'x://1',
  storedAt: 0,
  expiresAt: 100,
  ...more,
});

describe('results', () => {
  it('are for everybody, or for one principal', () => {
    const cache = new ResultCache({ maxEntries: 10, maxBytes: 100 });
    cache.set('a', undefined, entry(), 1);
    cache.set('b', 'ada', entry(), 1);
    expect(cache.get('a', 'bob', 0)).toBeDefined();
    expect(cache.get('b', 'ada', 0)).toBeDefined();
    expect(cache.get('b', 'bob', 0)).toBeUndefined();
  });

  it('are good until they expire', () => {
    const cache = new ResultCache({ maxEntries: 10, maxBytes: 100 });
    cache.set('a', undefined, entry(), 1);
    expect(cache.get('a', 'p', 99)).toBeDefined();
    expect(cache.get('a', 'p', 100)).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  it('make room for others, by number and by size', () => {
    const cache = new ResultCache({ maxEntries: 2, maxBytes: 100 });
    for (const key of ['a', 'b', 'c']) cache.set(key, undefined, entry(), 1);
    expect(cache.get('a', 'p', 0)).toBeUndefined();
    cache.set('large', undefined, entry(), 100);
    expect([cache.get('b', 'p', 0), cache.get('c', 'p', 0)]).toEqual([undefined, undefined]);
    expect(cache.size).toBe(1);
  });

  it('are forgotten by what they are, and the server has another generation then', () => {
    const cache = new ResultCache({ maxEntries: 10, maxBytes: 100 });
    cache.set('a', undefined, entry(), 1);
    cache.set('b', undefined, entry({ server: 'other' }), 1);
    const before = cache.generation('s');
    cache.forget(({ server }) => server === 'other', 'other');
    expect(cache.generation('s')).toBe(before);
    expect(cache.get('b', 'p', 0)).toBeUndefined();
    cache.forget(({ kind }) => kind === 'resources');
    expect(cache.generation('s')).not.toBe(before);
    expect(cache.size).toBe(0);
  });
});

describe('requests', () => {
  const key = (params: object, caller: object = {}) =>
    cacheKey('tools/call', params as never, { client: {}, ...caller } as Caller);

  it('are the same whatever the order of keys, and whatever names the message', () => {
    expect(key({ a: 1, b: { c: 1, d: 2 } })).toBe(key({ b: { d: 2, c: 1 }, a: 1 }));
    expect(key({ a: 1, _meta: { progressToken: 7, traceparent: 'x' } })).toBe(key({ a: 1 }));
  });

  it.each([
    [{ a: 1 }, { a: 2 }],
    [{ a: 1 }, { a: '1' }],
    [{ a: 1 }, { a: 1, _meta: { tenant: 'x' } }],
  ])('%j and %j are different', (one, other) => {
    expect(key(one)).not.toBe(key(other));
  });

  it('are different at another endpoint and in another revision', () => {
    expect(key({}, { scope: 's' })).not.toBe(key({}));
    expect(key({}, { client: { protocolVersion: '2026-07-28' } })).not.toBe(key({}));
  });
});

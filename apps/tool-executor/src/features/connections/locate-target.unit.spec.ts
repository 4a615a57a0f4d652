import type { ServiceInstance } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { locateTarget } from './locate-target.js';

const at = (host: string, port: number) => ({ host, port }) as ServiceInstance;
const directory = (...found: ServiceInstance[]) => ({ findServices: async () => found });
const registry = { kind: 'http', url: 'http://127.0.0.1:3001/mcp', headers: {}, service: 'registry' } as const;

describe('locateTarget', () => {
  it('finds our own services in the directory', async () => {
    expect(await locateTarget(registry, directory(at('10.0.0.7', 4001)))).toEqual({
      ...registry,
      url: 'http://10.0.0.7:4001/mcp',
    });
    expect(await locateTarget(registry, directory(at('fd00::7', 80)))).toHaveProperty('url', 'http://[fd00::7]/mcp');
  });

  it('uses each of several instances', async () => {
    const both = directory(at('a', 1), at('b', 1));
    const urls = await Promise.all(
      Array.from({ length: 50 }, async () => JSON.stringify(await locateTarget(registry, both))),
    );
    expect(new Set(urls).size).toBe(2);
  });

  it('leaves them where they are by default when the directory names none or does not answer', async () => {
    expect(await locateTarget(registry, directory())).toBe(registry);
    expect(await locateTarget(registry, { findServices: () => Promise.reject(new Error('away')) })).toBe(registry);
  });

  it('leaves the servers of others alone', async () => {
    const other = { kind: 'http', url: 'https://example.org/mcp', headers: {} } as const;
    expect(await locateTarget(other, directory(at('10.0.0.7', 4001)))).toBe(other);
  });
});

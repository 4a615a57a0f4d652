import { upstreamSettingsSchema, type UpstreamDefinition } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { FoundInstances } from './found-instances.js';

const of = (url: string): UpstreamDefinition => ({
  name: 'search',
  target: { kind: 'http', url, headers: {} },
  settings: upstreamSettingsSchema.parse({}),
  source: 'spec',
});
const at = (url: string) => ({ url, weight: 1, tags: [] });

describe('instances that were found', () => {
  it('stand in the place of those of the definition, also of its next one, until there are none', () => {
    const found = new FoundInstances();
    const instances = [at('http://a/'), at('http://b/')];
    expect(found.in(of('http://first/'))).toEqual(of('http://first/'));

    const given = found.set(of('http://first/'), instances)!;
    const merged = found.in(given);
    expect(merged.target).toMatchObject({ url: 'http://a/', instances });
    // an executor adds again what it has
    expect(found.in(merged)).toEqual(merged);

    expect(found.in(of('http://second/')).target).toMatchObject({ instances });
    expect(found.set(merged, [])).toEqual(of('http://second/'));
    expect(found.in(of('http://second/'))).toEqual(of('http://second/'));
  });

  it('are forgotten with their server', () => {
    const found = new FoundInstances();
    found.set(of('http://first/'), [at('http://a/')]);
    found.forget('search');
    expect(found.in(of('http://first/'))).toEqual(of('http://first/'));
  });

  it('are none of a stdio server: it is where its process is', () => {
    const stdio = { ...of('http://x/'), target: { kind: 'stdio', command: 'x', args: [], env: {} } } as const;
    expect(new FoundInstances().set(stdio, [at('http://a/')])).toBeUndefined();
  });
});

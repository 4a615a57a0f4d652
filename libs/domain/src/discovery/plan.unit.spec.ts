import { describe, expect, it } from 'vitest';
import { planDiscovery, type DefinedServer, type SourceAnswer } from './plan.js';

const http = (port: number, name = `s${port}`) => ({ name, entry: { url: `http://h:${port}/mcp` } });
const answer = (source: string, ...found: ReturnType<typeof http>[]): SourceAnswer => ({ source, found });
const defined = (name: string, port: number, source = 'discovered:a'): DefinedServer => ({
  name,
  source,
  entry: { ...http(port).entry, signalbox: {} },
});
const plan = (answers: SourceAnswer[], there: DefinedServer[] = [], missing = {}, now = 1_000, graceMs = 100) =>
  planDiscovery({ answers, defined: there, missing: new Map(Object.entries(missing)) }, now, graceMs);
const namesOf = (result: ReturnType<typeof plan>) =>
  result.define.map(({ name, entry, source }) => `${name} ${String(entry['url'])} by ${source}`);

describe('what sources name', () => {
  it('is merged, and each server is taken from the first source that names it', () => {
    const result = plan([answer('a', http(1), http(2)), answer('b', http(2, 'again'), http(3))]);
    expect(namesOf(result)).toEqual(['s1 http://h:1/mcp by a', 's2 http://h:2/mcp by a', 's3 http://h:3/mcp by b']);
    expect(result.duplicates).toEqual([{ source: 'b', name: 'again', of: 's2' }]);
  });

  it.each([
    ['http://localhost:80/mcp/', 'http://127.0.0.1/mcp'],
    ['HTTP://Host:8080/mcp', 'http://host:8080/mcp'],
    ['https://h/mcp#x', 'https://h:443/mcp'],
  ])('is the same server at %s and %s', (a, b) => {
    const result = plan([answer('a', { name: 'x', entry: { url: a } }, { name: 'y', entry: { url: b } })]);
    expect(result.duplicates).toEqual([{ source: 'a', name: 'y', of: 'x' }]);
  });

  it('is the same command when arguments, folder and names of variables are the same', () => {
    const stdio = (name: string, args: string[], env = {}) => ({ name, entry: { command: 'node', args, env } });
    const answers = [
      { source: 'a', found: [stdio('x', ['1'], { T: '1' }), stdio('y', ['1'], { T: '2' }), stdio('z', ['2'])] },
    ];
    expect(plan(answers).define.map(({ name }) => name)).toEqual(['x', 'z']);
  });

  it('is left alone when it is defined by hand', () => {
    for (const source of ['api', '/etc/signalbox.json']) {
      const result = plan([answer('a', http(1))], [defined('mine', 1, source)]);
      expect(result).toMatchObject({ define: [], duplicates: [{ name: 's1', of: 'mine' }], remove: [] });
    }
  });
});

describe('names', () => {
  it('are made fit, and told apart', () => {
    const result = plan([answer('a', http(1, 'my server!'), http(2, 'my server!'), http(3, ''))]);
    const [first, second, third] = result.define.map(({ name }) => name);
    expect([first, third]).toEqual(['my-server', 'server']);
    expect(second).toMatch(/^my-server-[a-z0-9]{7}$/);
    for (const name of [first, second, third]) expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/);
  });

  it('are kept by those that have them, whatever comes first', () => {
    const result = plan([answer('a', http(9, 'x'), http(1, 'x'))], [defined('x', 1)]);
    expect(result.define.find(({ entry }) => String(entry['url']).includes(':1/'))?.name).toBe('x');
    expect(new Set(result.define.map(({ name }) => name)).size).toBe(2);
  });

  it('stay when the target behind them changes', () => {
    const result = plan([answer('a', http(2, 'x'))], [defined('x', 1)]);
    expect(namesOf(result)).toEqual(['x http://h:2/mcp by a']);
    expect(result.missing.size).toBe(0);
  });

  it('are not taken from what is defined by hand', () => {
    const [found] = plan([answer('a', http(2, 'x'))], [defined('x', 1, 'api')]).define;
    expect(found!.name).toMatch(/^x-[a-z0-9]{7}$/);
  });
});

describe('a server that no source names', () => {
  it('stays for the grace time, and is removed then', () => {
    const early = plan([answer('a')], [defined('x', 1)]);
    expect([early.remove, [...early.missing]]).toEqual([[], [['x', 1_000]]]);
    expect(plan([answer('a')], [defined('x', 1)], { x: 1_000 }, 1_099).remove).toEqual([]);
    expect(plan([answer('a')], [defined('x', 1)], { x: 1_000 }, 1_100).remove).toEqual(['x']);
  });

  it('begins anew when it was there meanwhile', () => {
    expect(plan([answer('a', http(1, 'x'))], [defined('x', 1)], { x: 1 }).missing.size).toBe(0);
  });

  it('stays while its source has not answered, or only in part', () => {
    const silent: SourceAnswer = { source: 'a', found: undefined };
    const partial: SourceAnswer = { source: 'a', found: [], isPartial: true };
    for (const one of [silent, partial]) {
      const result = plan([one], [defined('x', 1)], { x: 1 });
      expect([result.remove, result.missing.size]).toEqual([[], 0]);
    }
  });

  it('goes when its source is no longer configured', () => {
    expect(plan([], [defined('x', 1, 'discovered:gone')], { x: 1 }).remove).toEqual(['x']);
  });

  it('changes hands when another source names it', () => {
    expect(namesOf(plan([answer('b', http(1, 'y'))], [defined('x', 1)]))).toEqual(['x http://h:1/mcp by b']);
  });
});

describe('a service with instances', () => {
  const service = (ports: number[], group = 'consul:search') => ({
    name: 'search',
    group,
    entry: { instances: ports.map((port) => ({ url: `http://h:${port}/mcp`, weight: 1 })) },
  });
  const there = (name: string, ports: number[], source = 'discovered:a'): DefinedServer => ({
    name,
    source,
    entry: { ...service(ports).entry, signalbox: {} },
  });
  const answered = (source: string, ...found: ReturnType<typeof service>[]): SourceAnswer => ({ source, found });

  it('keeps its name while they come and go', () => {
    const result = plan([answered('a', service([2, 3]))], [there('search', [1, 2])]);
    expect(result.define).toMatchObject([{ name: 'search', entry: service([2, 3]).entry }]);
    expect(result).toMatchObject({ remove: [], duplicates: [] });
    expect(result.missing.size).toBe(0);
  });

  it('keeps the name that it got because another one was taken', () => {
    const both = (ports: number[]) => [answered('a', service([1])), answered('b', service(ports, 'dns:search'))];
    const [, second] = plan(both([5])).define;
    expect(second!.name).toMatch(/^search-[a-z0-9]{7}$/);
    const known = [there('search', [1]), there(second!.name, [5], 'discovered:b')];
    expect(plan(both([6, 7]), known).define.map(({ name }) => name)).toEqual(['search', second!.name]);
    // also when the other one is gone
    expect(plan(both([6, 7]).slice(1), known).define.map(({ name }) => name)).toEqual([second!.name]);
  });

  it('is the same as a server at its one URL', () => {
    const result = plan([answered('a', service([1]))], [defined('mine', 1, 'api')]);
    expect(result).toMatchObject({ define: [], duplicates: [{ name: 'search', of: 'mine' }] });
  });
});

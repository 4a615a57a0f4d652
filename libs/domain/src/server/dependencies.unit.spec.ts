import { describe, expect, it } from 'vitest';
import { cycleText, dependantsOf, dependenciesOf, dependencyOrder, type DependencyGraph } from './dependencies.js';

const graph = (entries: Record<string, string[]>): DependencyGraph => new Map(Object.entries(entries));
const DIAMOND = graph({ web: ['api', 'cache'], api: ['db'], cache: ['db'], db: [], alone: [] });

describe('the order of servers', () => {
  it('has each after those that it depends on, and is otherwise as it was', () => {
    expect(dependencyOrder(DIAMOND)).toEqual({ order: ['db', 'api', 'cache', 'web', 'alone'], cycles: [] });
  });

  it('leaves out names that are no servers', () => {
    expect(dependencyOrder(graph({ a: ['nowhere'], b: ['a'] }))).toEqual({ order: ['a', 'b'], cycles: [] });
  });

  it('names each cycle, and still has every server', () => {
    const { order, cycles } = dependencyOrder(graph({ a: ['b'], b: ['c'], c: ['a'], self: ['self'], d: ['a'] }));
    expect(cycles.map(cycleText)).toEqual(['a → b → c → a', 'self → self']);
    expect([...order].sort()).toEqual(['a', 'b', 'c', 'd', 'self']);
  });

  it('takes a chain that is longer than the stack', () => {
    const chain = new Map(Array.from({ length: 50_000 }, (_, i): [string, string[]] => [`s${i}`, [`s${i + 1}`]]));
    expect(dependencyOrder(chain).order.at(-1)).toBe('s0');
  });
});

describe('what hangs together', () => {
  it('dependants come in the order to stop them in', () => {
    expect(dependantsOf(DIAMOND, 'db')).toEqual(['web', 'cache', 'api']);
    expect(dependantsOf(DIAMOND, 'web')).toEqual([]);
  });

  it('dependencies come in the order to start them in', () => {
    expect(dependenciesOf(DIAMOND, 'web')).toEqual(['db', 'api', 'cache']);
    expect(dependenciesOf(DIAMOND, 'db')).toEqual([]);
  });

  it('ends on a cycle', () => {
    const ring = graph({ a: ['b'], b: ['a'] });
    expect(dependantsOf(ring, 'a')).toEqual(['b']);
    expect(dependenciesOf(ring, 'a')).toEqual(['b']);
  });
});

import { describe, expect, it } from 'vitest';
import { isExported } from './exports.js';
import { refusalOfHop, refusalOfNext } from './hops.js';
import { mayShow, originFrom, superfluousWays, type Way } from './ways.js';

const server = { name: 'files', isPeer: false, isBuiltIn: false };
const rules = { exports: ['*'], withholds: [], transit: false };

describe('isExported', () => {
  it('shows all own servers, and none of others, unless it is told otherwise', () => {
    expect(isExported(server, rules)).toBe(true);
    expect(isExported({ ...server, isPeer: true }, rules)).toBe(false);
    expect(isExported({ ...server, isPeer: true }, { ...rules, transit: true })).toBe(true);
  });

  it('shows the services of the suite itself only where they are named', () => {
    const own = { name: 'registry', isPeer: false, isBuiltIn: true };
    expect(isExported(own, rules)).toBe(false);
    expect(isExported(own, { ...rules, exports: ['*', 'registry'] })).toBe(true);
  });

  it('withholds what it is told to, whatever it is to show', () => {
    const some = { ...rules, exports: ['fi*', 'sql'], withholds: ['*-private'] };
    expect(isExported(server, some)).toBe(true);
    expect(isExported({ ...server, name: 'sql' }, some)).toBe(true);
    expect(isExported({ ...server, name: 'sql2' }, some)).toBe(false);
    expect(isExported({ ...server, name: 'files-private' }, some)).toBe(false);
  });

  it.each([
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'abcbc', true],
    ['a*b', 'acbd', false],
    ['*', '', true],
    ['f.les', 'files', false],
    ['*a*a*a*a*a*a*a*a*a*a*a*b', 'a'.repeat(5_000), false],
  ])('reads %s as the pattern that it is', (pattern, name, expected) => {
    expect(isExported({ ...server, name }, { ...rules, exports: [pattern] })).toBe(expected);
  });
});

describe('a hop', () => {
  const hop = { own: 'A', via: ['B', 'C'], maxHops: 2 };

  it('is taken once', () => {
    expect(refusalOfHop(hop)).toBeUndefined();
    expect(refusalOfHop({ ...hop, via: ['B', 'A', 'C'] })).toContain('B → A → C → A');
  });

  it('is refused when it is one too many', () => {
    expect(refusalOfHop({ ...hop, via: ['B', 'C', 'D'] })).toContain('3 suites; at most 2');
  });

  it('does not go back', () => {
    expect(refusalOfNext('D', hop)).toBeUndefined();
    expect(refusalOfNext('C', hop)).toContain('B → C → A → C');
    expect(refusalOfNext('A', hop)).toContain('this very suite');
  });
});

describe('ways', () => {
  const way = (peer: string, via: string[], isAvailable = true): Way => {
    return { peer, isAvailable, origin: { name: 'fs__read', via } };
  };

  it('lead nowhere that a request has come from, and not too far', () => {
    expect(mayShow({ name: 'x', via: ['B', 'A'] }, 'C', 2)).toBe(true);
    expect(mayShow({ name: 'x', via: ['B', 'A'] }, 'B', 2)).toBe(false);
    expect(mayShow({ name: 'x', via: ['B', 'A', 'D'] }, 'C', 2)).toBe(false);
  });

  it('are those that a peer says, if it says to be the last on them', () => {
    expect(originFrom({ name: 'fs__read', via: ['C', 'B'] }, 'B', 'c__fs__read')).toEqual({
      name: 'fs__read',
      via: ['C', 'B'],
    });
    expect(originFrom({ name: 'fs__read', via: ['A'] }, 'B', 'x')).toEqual({ name: 'x', via: ['B'] });
    expect(originFrom(undefined, 'B', 'x')).toEqual({ name: 'x', via: ['B'] });
  });

  it('are listed once: the shortest of those that are open', () => {
    const [direct, around] = [way('b', ['B']), way('c', ['B', 'C'])];
    expect(superfluousWays([around, direct])).toEqual(new Set([around]));
    const closed = way('b', ['B'], false);
    expect(superfluousWays([closed, around])).toEqual(new Set([closed]));
    const [one, other] = [way('d', ['B', 'D']), way('e', ['B', 'E'])];
    expect(superfluousWays([other, one])).toEqual(new Set([other]));
  });

  it('to different things are all listed', () => {
    expect(superfluousWays([way('b', ['B']), way('c', ['C'])]).size).toBe(0);
  });
});

import { describe, expect, it } from 'vitest';
import { parseFilter, parsePage } from './filter.js';

describe('parseFilter', () => {
  it('brings every spelling of a condition to one form', () => {
    const path = ['a', 'b'];
    const one = { kind: 'in', path, values: [1] };
    expect(parseFilter({ 'a.b': 1 })).toEqual(one);
    expect(parseFilter({ 'a.b': { $eq: 1 } })).toEqual(one);
    expect(parseFilter({ 'a.b': { $in: [1] } })).toEqual(one);
    expect(parseFilter({ 'a.b': { $ne: 1 } })).toEqual({ kind: 'not', node: one });
    expect(parseFilter({ 'a.b': { $nin: [1] } })).toEqual({ kind: 'not', node: one });
    expect(parseFilter({ 'a.b': { $not: { $eq: 1 } } })).toEqual({ kind: 'not', node: one });
    expect(parseFilter({})).toEqual({ kind: 'and', nodes: [] });
  });

  it('does not follow a value or a filter that is nested without end', () => {
    let value: unknown = 1;
    for (let i = 0; i < 100_000; i++) value = [value];
    expect(() => parseFilter({ a: value })).toThrow(/\$eq takes a JSON value/);
    let filter: Record<string, unknown> = { a: 1 };
    for (let i = 0; i < 100_000; i++) filter = { $or: [filter] };
    expect(() => parseFilter(filter)).toThrow(/nested deeper than 8/);
    let not: Record<string, unknown> = { $eq: 1 };
    for (let i = 0; i < 100_000; i++) not = { $not: not };
    expect(() => parseFilter({ a: not })).toThrow(/\$not takes/);
  });
});

describe('parsePage', () => {
  it('fills in what is left open', () => {
    expect(parsePage({})).toEqual({ sort: [], skip: 0, limit: 100 });
    expect(parsePage({ sort: { 'a.b': -1 } }).sort).toEqual([{ path: ['a', 'b'], direction: -1 }]);
  });
});

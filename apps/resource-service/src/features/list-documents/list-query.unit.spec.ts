import type { ProblemException } from '@signalbox/nest-kit';
import { describe, expect, it } from 'vitest';
import { parseResourceServiceConfig } from '../../config.js';
import { parseListQuery, type ListParameters } from './list-query.js';

const limits = parseResourceServiceConfig({
  section: () => ({ lists: { maxConditions: 10, maxFilterDepth: 3 } }),
}).lists;
const parse = (parameters: ListParameters) => parseListQuery(parameters, limits);
const filter = (value: unknown) => parse({ filter: JSON.stringify(value) }).filter;

function problemOf(parameters: ListParameters) {
  try {
    parse(parameters);
  } catch (error) {
    return (error as ProblemException).problem;
  }
  throw new Error('was accepted');
}

describe('parseListQuery', () => {
  it('has a first page of 20, in the order of ids, without parameters', () => {
    expect(parse({})).toEqual({ filter: {}, sort: { id: 1 }, page: 1, pageSize: 20, skip: 0 });
  });

  it('skips the pages before', () => {
    expect(parse({ page: '3', pageSize: '7' })).toMatchObject({ page: 3, pageSize: 7, skip: 14 });
  });

  it('sorts by fields of the document and of its envelope', () => {
    expect(parse({ sort: 'title,-_updatedAt,-a.b' }).sort).toEqual({
      'document.title': 1,
      updatedAt: -1,
      'document.a.b': -1,
    });
  });

  it('looks for fields in the document', () => {
    expect(filter({ status: 'open' })).toEqual({ 'document.status': 'open' });
    expect(filter({ 'a.b': { $gte: 2, $lt: 5 } })).toEqual({ 'document.a.b': { $gte: 2, $lt: 5 } });
  });

  it('looks for what the service knows of a document under names with an underscore', () => {
    expect(filter({ _version: { $gt: 1 }, _id: 'a' })).toEqual({ $and: [{ version: { $gt: 1 } }, { id: 'a' }] });
  });

  it('takes $and, $or and $not apart', () => {
    expect(filter({ $or: [{ a: 1 }, { b: { $not: { $in: [1, 2] } } }] })).toEqual({
      $or: [{ 'document.a': 1 }, { 'document.b': { $not: { $in: [1, 2] } } }],
    });
  });

  it.each([
    ['an operator outside the subset', { a: { $regex: '.*' } }, '$regex'],
    ['code', { $where: 'sleep(1000)' }, '$where'],
    ['an operator inside $not', { a: { $not: { $expr: {} } } }, '$expr'],
    ['an operator inside $or', { $or: [{ a: { $type: 1 } }] }, '$type'],
    ['an operator among fields', { a: { $gt: 1, b: 2 } }, 'b'],
  ])('refuses %s, names it and what is allowed', (_, value, operator) => {
    const problem = problemOf({ filter: JSON.stringify(value) });
    expect(problem).toMatchObject({ status: 400, operator });
    expect(problem['allowed']).toEqual(expect.arrayContaining([operator === '$where' ? '$and' : '$eq']));
    expect(problem.detail).toContain(operator);
  });

  it.each([
    ['{', 'not JSON'],
    ['[]', 'must be a JSON object'],
    ['null', 'must be a JSON object'],
    ['{"$or":[]}', '$or takes a list'],
    ['{"$and":{}}', '$and takes a list'],
    ['{"a":{"$in":1}}', '$in takes a list'],
    ['{"a":{"$exists":1}}', '$exists takes true or false'],
    ['{"a":{"$not":1}}', '$not takes operators'],
    ['{"a":{}}', 'no operator'],
    ['{"a..b":1}', '"a..b" is no field name'],
    ['{"a.$b":1}', '"a.$b" is no field name'],
    ['{"":1}', '"" is no field name'],
  ])('refuses the filter %s', (text, why) => {
    expect(problemOf({ filter: text })).toMatchObject({ status: 400, detail: expect.stringContaining(why) });
  });

  it('bounds conditions, depth, values and length', () => {
    const many = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`f${i}`, i]));
    expect(problemOf({ filter: JSON.stringify(many) }).detail).toContain('more than 10 conditions');
    expect(problemOf({ filter: '{"$or":[{"$or":[{"$or":[{"a":1}]}]}]}' }).detail).toContain('deeper than 3');
    expect(problemOf({ filter: '{"a":{"$not":{"$not":{"$not":{"$gt":1}}}}}' }).detail).toContain('deeper than 3');
    expect(problemOf({ filter: JSON.stringify({ a: { $in: Array(501).fill(1) } }) }).detail).toContain('at most 500');
    expect(problemOf({ filter: `{"a":"${'x'.repeat(9_000)}"}` }).detail).toContain('at most 8192');
  });

  it('bounds pages and sorts', () => {
    expect(problemOf({ pageSize: '101' }).detail).toBe('pageSize: at most 100');
    expect(problemOf({ page: '5002', pageSize: '20' }).detail).toContain('100000');
    expect(problemOf({ sort: 'a,b,c,d,e,f' }).detail).toContain('at most 5');
    expect(problemOf({ sort: '$where' }).detail).toContain('"$where" is no field');
    expect(problemOf({ sort: '' }).detail).toContain('is no field');
  });
});

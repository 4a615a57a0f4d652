import { ProblemException } from '@signalbox/nest-kit';
import { describe, expect, it } from 'vitest';
import { parseServiceQuery } from './service-query.js';

const problemOf = (raw: Record<string, unknown>) => {
  try {
    parseServiceQuery(raw);
  } catch (error) {
    return (error as ProblemException).problem;
  }
  throw new Error('was accepted');
};

describe('parseServiceQuery', () => {
  it('takes no criteria as everything', () => {
    expect(parseServiceQuery({})).toEqual({});
  });

  it('reads metadata as a JSON object', () => {
    expect(parseServiceQuery({ metadata: '{"zone":"a"}' })).toEqual({ metadata: { zone: 'a' } });
  });

  it('reads metadata as single keys, which add to the object', () => {
    expect(parseServiceQuery({ metadata: '{"zone":"a"}', 'metadata.version': '2' })).toEqual({
      metadata: { zone: 'a', version: '2' },
    });
  });

  it('reads tags that are repeated or separated by commas', () => {
    expect(parseServiceQuery({ tags: 'mcp,worker' })).toEqual({ tags: ['mcp', 'worker'] });
    expect(parseServiceQuery({ tags: ['mcp', 'a,b'] })).toEqual({ tags: ['mcp', 'a', 'b'] });
  });

  it.each([
    ['metadata that is not JSON', { metadata: '{zone:a}' }, 'metadata: not JSON'],
    ['metadata that is not an object', { metadata: '["a"]' }, 'metadata: must be a JSON object'],
    ['metadata with a number', { metadata: '{"version":1}' }, 'metadata.version: must be a string'],
    ['a status that does not exist', { status: 'HAPPY' }, 'status:'],
    ['a parameter that does not exist', { colour: 'red' }, 'colour'],
    ['an empty service name', { serviceName: '' }, 'serviceName:'],
  ])('refuses %s and names it', (_, raw, named) => {
    const problem = problemOf(raw);
    expect(problem.status).toBe(400);
    expect(problem.detail).toContain(named);
  });

  it('names the statuses that there are', () => {
    expect(problemOf({ status: 'HAPPY' }).detail).toContain('OUT_OF_SERVICE');
  });
});

import { describe, expect, it } from 'vitest';
import { typeFilter } from './type-filter.js';

describe('typeFilter', () => {
  it.each([
    ['tool.call.started', 'tool.call.started', true],
    ['tool.call.started', 'tool.call.completed', false],
    ['tool.call.*', 'tool.call.started', true],
    ['tool.*', 'tool.call.started', false],
    ['*.call.*', 'tool.call.started', true],
    ['tool.#', 'tool.call.started', true],
    ['tool.#', 'server.started', false],
    ['#.started', 'tool.call.started', true],
    ['#.started', 'server.started', true],
    ['tool.#.started', 'tool.call.started', true],
    ['#', 'anything.of.the.future', true],
    ['tool.call.#', 'tool.call', true],
  ])('%s and %s: %s', (pattern, type, expected) => {
    const matches = typeFilter([pattern]);
    expect(matches(type)).toBe(expected);
    expect(matches(type)).toBe(expected);
  });

  it('takes what any of its patterns takes', () => {
    const matches = typeFilter(['server.started', 'session.*']);
    expect(['server.started', 'session.closed', 'server.failed'].map(matches)).toEqual([true, true, false]);
  });

  it('refuses a plain name that is no event type', () => {
    expect(() => typeFilter(['tool.call.finished'])).toThrow('tool.call.finished is no event type');
  });
});

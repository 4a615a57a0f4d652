import { describe, expect, it } from 'vitest';
import { EXPOSED_NAME, exposedName, nearestNames } from './names.js';

describe('exposedName', () => {
  it('joins server and tool', () => {
    expect(exposedName('files', 'read_file')).toBe('files__read_file');
  });

  it.each([
    ['files', 'read.file'],
    ['files', 'a'.repeat(100)],
    ['files', 'größe/ändern'],
    ['a'.repeat(40), 'b'.repeat(23)],
    ['s', ''],
  ])('makes %s / %s fit what hosts accept, always the same way', (server, tool) => {
    const name = exposedName(server, tool);
    expect(name).toMatch(EXPOSED_NAME);
    expect(exposedName(server, tool)).toBe(name);
  });

  it('differs for tools that differ only in what had to be changed', () => {
    expect(exposedName('files', 'a.b')).not.toBe(exposedName('files', 'a/b'));
    expect(exposedName('files', `${'a'.repeat(80)}1`)).not.toBe(exposedName('files', `${'a'.repeat(80)}2`));
  });

  it('differs for pairs whose plain forms are equal', () => {
    expect(exposedName('a', 'b__c')).not.toBe(exposedName('a__b', 'c'));
    expect(exposedName('a', '_b')).not.toBe(exposedName('a_', 'b'));
  });
});

describe('nearestNames', () => {
  const names = ['files__read_file', 'files__write_file', 'sql__query', 'everything__echo'];

  it('finds a mistyped name', () => {
    expect(nearestNames('files__raed_file', names)[0]).toBe('files__read_file');
  });

  it('finds a name without its prefix, whatever its case', () => {
    expect(nearestNames('Query', names)[0]).toBe('sql__query');
  });

  it('gives at most as many as asked', () => {
    expect(nearestNames('x', names)).toHaveLength(3);
    expect(nearestNames('x', names, 1)).toHaveLength(1);
    expect(nearestNames('x', [])).toEqual([]);
  });

  it('is quick for a very long wanted name', () => {
    const many = Array.from({ length: 2000 }, (_, i) => `server__tool_${i}`);
    const started = performance.now();
    nearestNames('x'.repeat(1_000_000), many);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

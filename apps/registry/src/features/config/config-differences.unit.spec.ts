import { describe, expect, it } from 'vitest';
import { configDifferences } from './config-differences.js';

describe('the differences between two configurations', () => {
  it('are named by path, lists as a whole', () => {
    const before = { mcpServers: { a: { command: 'x', args: ['1', '2', '3'] }, 'b c': { url: 'http://b' } } };
    const after = { mcpServers: { a: { command: 'y', args: ['3'] }, d: { url: 'http://d' } } };
    expect(configDifferences(before, after).toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { op: 'replace', path: 'mcpServers.a.args', before: ['1', '2', '3'], after: ['3'] },
      { op: 'replace', path: 'mcpServers.a.command', before: 'x', after: 'y' },
      { op: 'add', path: 'mcpServers.d', after: { url: 'http://d' } },
      { op: 'remove', path: 'mcpServers["b c"]', before: { url: 'http://b' } },
    ]);
    expect(configDifferences(before, before)).toEqual([]);
  });

  it('show that a secret is another one, and neither of the two', () => {
    const of = (KEY: string) => ({ mcpServers: { a: { command: 'x', env: { KEY }, args: ['--token', KEY, '-v'] } } });
    expect(configDifferences(of('geheim1'), of('geheim2'))).toEqual([
      { op: 'replace', path: 'mcpServers.a.env.KEY', before: '***', after: '***' },
      { op: 'replace', path: 'mcpServers.a.args', before: ['--token', '***', '-v'], after: ['--token', '***', '-v'] },
    ]);
  });

  it('are there when a list becomes an object', () => {
    expect(configDifferences({ a: [1] }, { a: { b: 1 } })).toEqual([
      { op: 'replace', path: 'a', before: [1], after: { b: 1 } },
    ]);
  });
});

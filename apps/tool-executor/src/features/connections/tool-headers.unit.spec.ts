import type { Catalogue } from '@signalbox/domain/server';
import { describe, expect, it } from 'vitest';
import { ToolHeaders } from './tool-headers.js';

const tool = (name: string, properties: object) => ({ name, inputSchema: { type: 'object', properties } });
const catalogue = {
  tools: [
    tool('plain', { a: { type: 'string' } }),
    tool('marked', { a: { type: 'string', 'x-mcp-header': 'Region' }, n: { type: 'integer', 'x-mcp-header': 'N' } }),
    tool('wrong', { a: { type: 'object', 'x-mcp-header': 'Data' } }),
  ],
  prompts: [],
  resources: [],
  resourceTemplates: [],
  definitionHashes: { plain: '1', marked: '2', wrong: '3' },
} as unknown as Catalogue;

describe('the headers that tools want', () => {
  it('repeat arguments, encoded where they must be, and leave out what is not there', () => {
    const headers = new ToolHeaders(() => undefined);
    headers.sift(catalogue, { era: 'modern', transport: 'http' });
    expect(headers.of('plain', { a: 'x' })).toBeUndefined();
    expect(headers.of('marked', { a: 'Zürich', n: 3 })).toEqual({
      'mcp-param-region': '=?base64?WsO8cmljaA==?=',
      'mcp-param-n': '3',
    });
    expect(headers.of('marked', { a: null })).toEqual({});
  });

  it('leave out a tool whose marks are not valid, and say so', () => {
    const warnings: string[] = [];
    const sifted = new ToolHeaders((text) => warnings.push(text)).sift(catalogue, { era: 'modern', transport: 'http' });
    expect(sifted.tools.map(({ name }) => name)).toEqual(['plain', 'marked']);
    expect(sifted.definitionHashes).toEqual({ plain: '1', marked: '2' });
    expect(warnings).toEqual([expect.stringContaining('wrong')]);
  });

  it.each([
    { era: 'legacy', transport: 'http' },
    { era: 'modern', transport: 'stdio' },
  ] as const)('are none for %j', (dialect) => {
    const headers = new ToolHeaders(() => undefined);
    expect(headers.sift(catalogue, dialect)).toBe(catalogue);
    expect(headers.of('marked', { a: 'x' })).toBeUndefined();
  });
});

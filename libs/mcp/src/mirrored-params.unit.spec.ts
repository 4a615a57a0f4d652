import { describe, expect, it } from 'vitest';
import { mirroredParams, mirroredText } from './mirrored-params.js';

const schema = (properties: object, more: object = {}): object => ({ type: 'object', properties, ...more });
const region = { type: 'string', 'x-mcp-header': 'Region' };

describe('mirroredParams', () => {
  it('finds them at any depth of properties', () => {
    const found = mirroredParams(
      schema({ region, where: schema({ zone: { type: 'integer', 'x-mcp-header': 'Zone' } }) }),
    );
    expect(found).toEqual({
      valid: true,
      params: [
        { header: 'Region', path: ['region'], type: 'string' },
        { header: 'Zone', path: ['where', 'zone'], type: 'integer' },
      ],
    });
  });

  it('a property may be named like a keyword', () => {
    const found = mirroredParams(schema({ properties: region, default: { type: 'boolean', 'x-mcp-header': 'D' } }));
    expect(found.valid && found.params.map(({ path }) => path)).toEqual([['properties'], ['default']]);
  });

  it.each([
    ['under items', schema({ list: { type: 'array', items: region } })],
    ['under anyOf', schema({ a: { anyOf: [region] } })],
    ['in a definition', schema({}, { $defs: { a: schema({ region }) } })],
    ['at the root', { ...schema({}), 'x-mcp-header': 'Root' }],
    ['twice, whatever the case', schema({ a: region, b: { type: 'string', 'x-mcp-header': 'REGION' } })],
    ['empty', schema({ a: { type: 'string', 'x-mcp-header': '' } })],
    ['with a line break', schema({ a: { type: 'string', 'x-mcp-header': 'a\nb' } })],
    ['on an object', schema({ a: { type: 'object', 'x-mcp-header': 'A' } })],
  ])('is not allowed %s', (_, inputSchema) => {
    expect(mirroredParams(inputSchema)).toMatchObject({ valid: false });
  });

  it.each([
    undefined,
    null,
    true,
    schema({ a: { type: 'string' } }),
    schema({ a: { const: { 'x-mcp-header': 'A' } } }),
  ])('finds none in %j', (inputSchema) => {
    expect(mirroredParams(inputSchema)).toEqual({ valid: true, params: [] });
  });
});

describe('mirroredText', () => {
  const at = (...path: string[]) => ({ header: 'H', path, type: 'string' });

  it.each([
    [{ a: 'x' }, 'x'],
    [{ a: '' }, ''],
    [{ a: 42 }, '42'],
    [{ a: -7.5 }, '-7.5'],
    [{ a: false }, 'false'],
    [{ a: null }, undefined],
    [{ a: 2 ** 60 }, undefined],
    [{ a: {} }, undefined],
    [{}, undefined],
    [undefined, undefined],
  ])('%j: %s', (args, text) => {
    expect(mirroredText(args, at('a'))).toBe(text);
  });

  it('reads own properties only', () => {
    expect(mirroredText({ a: { b: 'c' } }, at('a', 'b'))).toBe('c');
    expect(mirroredText({}, at('constructor', 'name'))).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { decodeHeaderValue, encodeHeaderValue } from './header-value.js';

// the examples of MCP 2026-07-28, Streamable HTTP, value encoding
const EXAMPLES = [
  ['us-west1', 'us-west1'],
  ['Hello, 世界', '=?base64?SGVsbG8sIOS4lueVjA==?='],
  [' padded ', '=?base64?IHBhZGRlZCA=?='],
  ['line1\nline2', '=?base64?bGluZTEKbGluZTI=?='],
  ['=?base64?literal?=', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?='],
] as const;

describe('header values', () => {
  it.each(EXAMPLES)('%j travels as %s', (text, header) => {
    expect(encodeHeaderValue(text)).toBe(header);
    expect(decodeHeaderValue(header)).toBe(text);
  });

  it.each(['', 'a b', 'a\tb', '\t', '\u{1f600}', '\ufeffx', '=?base64?', '=?base64?=', 'é'])(
    '%j comes back',
    (text) => {
      const header = encodeHeaderValue(text);
      expect(header).toMatch(/^[\x20-\x7e\t]+$/);
      expect(decodeHeaderValue(header)).toBe(text);
    },
  );

  it.each(['=?base64?!!!?=', '=?base64?YQ?=', '=?base64?/w==?='])('%s is not valid', (header) => {
    expect(decodeHeaderValue(header)).toBeUndefined();
  });

  it('the marks are case-sensitive', () => {
    expect(decodeHeaderValue('=?BASE64?YQ==?=')).toBe('=?BASE64?YQ==?=');
  });
});

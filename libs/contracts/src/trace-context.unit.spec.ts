import { describe, expect, it } from 'vitest';
import { childTraceparent, newTraceparent, parseTraceparent, traceIdOf } from './trace-context.js';

// the example of the W3C recommendation
const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('trace context', () => {
  it('makes well-formed, distinct traceparents', () => {
    const made = Array.from({ length: 1000 }, newTraceparent);
    expect(made.every((text) => /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/.test(text))).toBe(true);
    expect(new Set(made.map(traceIdOf)).size).toBe(1000);
  });

  it('continues a trace with a new span and the same flags', () => {
    const child = childTraceparent(parent.replace(/01$/, '00'));
    expect(traceIdOf(child)).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(child).toMatch(/-00$/);
    expect(child.split('-')[2]).not.toBe(parent.split('-')[2]);
  });

  it('reads what a traceparent says', () => {
    const [traceId, spanId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
    expect(parseTraceparent(parent)).toEqual({ traceId, spanId, flags: 1 });
  });

  it.each([
    undefined,
    '',
    'garbage',
    parent.toUpperCase(),
    `01${parent.slice(2)}`,
    `${parent}-more`,
    parent.replace(/[0-9a-f]{32}/, '0'.repeat(32)),
    parent.replace(/-[0-9a-f]{16}-/, `-${'0'.repeat(16)}-`),
  ])('begins a new trace for %j', (malformed) => {
    expect(traceIdOf(malformed)).toBeUndefined();
    expect(parseTraceparent(malformed)).toBeUndefined();
    expect(traceIdOf(childTraceparent(malformed))).toMatch(/^[0-9a-f]{32}$/);
  });
});

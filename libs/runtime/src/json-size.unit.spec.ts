import { describe, expect, it } from 'vitest';
import { mayExceedBytes } from './json-size.js';

const values = [
  null,
  true,
  -1.234567890123456e-300,
  '',
  'plain',
  '\u0000'.repeat(50),
  '\ud800 lone surrogate',
  '€'.repeat(50),
  [],
  {},
  [1, [2, [3]]],
  { 'key "quoted"': { nested: ['x', null] } },
  { '\u0001': '\u0002' },
];

describe('mayExceedBytes', () => {
  it.each(values)('is an upper bound for %j', (value) => {
    const bytes = Buffer.byteLength(JSON.stringify(value));
    expect(mayExceedBytes(value, bytes - 1)).toBe(true);
  });

  it.each(values)('is not far from the truth for %j', (value) => {
    const bytes = Buffer.byteLength(JSON.stringify(value));
    expect(mayExceedBytes(value, bytes * 8 + 30)).toBe(false);
  });

  it('stops as soon as it knows', () => {
    const huge = Array.from({ length: 1_000_000 }, () => 'x');
    const start = performance.now();
    for (let i = 0; i < 100; i++) expect(mayExceedBytes(huge, 1000)).toBe(true);
    expect(performance.now() - start).toBeLessThan(100);
  });
});

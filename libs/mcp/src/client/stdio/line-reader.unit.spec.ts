import { describe, expect, it } from 'vitest';
import { LineReader } from './line-reader.js';

function read(chunks: string[], maxBytes = 100): string[] {
  const lines: string[] = [];
  const reader = new LineReader(maxBytes, (line) => lines.push(line));
  for (const chunk of chunks) reader.feed(Buffer.from(chunk));
  return lines;
}

describe('LineReader', () => {
  it('cuts at newlines, wherever the chunks end', () => {
    expect(read(['a\nb', 'c\r\n\nd', '\n', 'rest'])).toEqual(['a', 'bc', 'd']);
  });

  it('keeps characters whole that were cut in two', () => {
    const bytes = Buffer.from('火\n');
    const lines: string[] = [];
    const reader = new LineReader(100, (line) => lines.push(line));
    for (const byte of bytes) reader.feed(Buffer.from([byte]));
    expect(lines).toEqual(['火']);
  });

  it('refuses a line beyond its bound, with or without its end', () => {
    expect(() => read(['x'.repeat(60), 'x'.repeat(60)])).toThrow('more than 100 bytes');
    expect(() => read([`${'x'.repeat(101)}\n`])).toThrow(RangeError);
    expect(read([`${'x'.repeat(100)}\n`])).toHaveLength(1);
  });
});

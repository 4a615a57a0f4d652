import { InvalidCursorError } from '@signalbox/ports';
import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from './cursor.js';

describe('cursor', () => {
  it.each([
    { seq: 1, index: 0 },
    { seq: 999_999_999_999, index: 499 },
  ])('comes back from its text: $seq.$index', (place) => {
    const text = encodeCursor(place);
    expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(decodeCursor(text)).toEqual(place);
  });

  it.each([
    '',
    '1.0',
    'MS4w=',
    'MDEuMA',
    Buffer.from('1').toString('base64url'),
    Buffer.from('1.-1').toString('base64url'),
  ])('refuses %j', (text) => {
    expect(() => decodeCursor(text)).toThrow(InvalidCursorError);
  });
});

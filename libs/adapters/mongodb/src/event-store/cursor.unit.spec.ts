import { InvalidCursorError } from '@signalbox/ports';
import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from './cursor.js';

const text = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('cursors', () => {
  it('come back as they went', () => {
    const place = { partition: 'gateway-1', position: 12, index: 3, before: { 'entity-0': 7, 'ü/"x"': 1 } };
    expect(decodeCursor(encodeCursor(place))).toEqual(place);
    expect(encodeCursor({ ...place, before: { 'gateway-1': 12 } })).toBe(text(['gateway-1', 12, 3]));
  });

  it.each([
    text([]),
    text(['p']),
    text(['p', 1]),
    text(['p', 1, -1]),
    text(['p', 1.5, 0]),
    text([1, 1, 1]),
    text(['p', 1, 0, 'q']),
    text(['p', 1, 0, 'q', 'x']),
    text(['p', 1, 0, 'p', 5]),
    text({ partition: 'p' }),
    text(null),
    `${text(['p', 1, 0])}=`,
    text(['p'.repeat(60_000), 1, 0]),
  ])('are refused when they are not ours: %s', (cursor) => {
    expect(() => decodeCursor(cursor)).toThrow(InvalidCursorError);
  });
});

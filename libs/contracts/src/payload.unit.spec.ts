import { describe, expect, it } from 'vitest';
import { isBlobRef } from './payload.js';

const sha256 = 'a'.repeat(64);

describe('isBlobRef', () => {
  it('recognises a reference', () => {
    expect(isBlobRef({ $blob: { sha256, bytes: 10 } })).toBe(true);
  });

  it.each([
    null,
    'text',
    [],
    {},
    { $blob: sha256 },
    { $blob: { sha256, bytes: -1 } },
    { $blob: { sha256: 'A'.repeat(64), bytes: 1 } },
    { $blob: { sha256: '../../etc/passwd', bytes: 1 } },
  ])('does not take %j for one', (value) => {
    expect(isBlobRef(value)).toBe(false);
  });
});

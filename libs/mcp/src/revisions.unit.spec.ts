import { describe, expect, it } from 'vitest';
import { isOfStatelessEra, LATEST_SESSION_REVISION, negotiateRevision, SESSION_REVISIONS } from './revisions.js';

describe('negotiateRevision', () => {
  it('keeps a revision that we speak', () => {
    for (const revision of SESSION_REVISIONS) expect(negotiateRevision(revision)).toBe(revision);
  });

  it.each(['2026-07-28', '1.0', undefined, 5])('answers %s with the newest', (asked) => {
    expect(negotiateRevision(asked)).toBe(LATEST_SESSION_REVISION);
    expect(LATEST_SESSION_REVISION).toBe('2025-11-25');
  });
});

describe('isOfStatelessEra', () => {
  it.each([
    ['2026-07-28', true],
    ['2027-01-01', true],
    ['2025-11-25', false],
    ['nonsense', false],
    ['9', false],
    [undefined, false],
  ])('%s: %s', (revision, expected) => {
    expect(isOfStatelessEra(revision)).toBe(expected);
  });
});

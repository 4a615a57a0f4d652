import { describe, expect, it } from 'vitest';
import { LATEST_SESSION_REVISION, negotiateRevision, SESSION_REVISIONS } from './revisions.js';

describe('negotiateRevision', () => {
  it('keeps a revision that we speak', () => {
    for (const revision of SESSION_REVISIONS) expect(negotiateRevision(revision)).toBe(revision);
  });

  it.each(['2026-07-28', '1.0', undefined, 5])('answers %s with the newest', (asked) => {
    expect(negotiateRevision(asked)).toBe(LATEST_SESSION_REVISION);
    expect(LATEST_SESSION_REVISION).toBe('2025-11-25');
  });
});

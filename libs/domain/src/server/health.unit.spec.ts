import { describe, expect, it } from 'vitest';
import { evolveHealth, WELL, type Health, type HealthObservation } from './health.js';

const limits = { warning: 2, critical: 3, slowMs: 100 };
const quick: HealthObservation = { kind: 'answered', afterMs: 5 };
const slow: HealthObservation = { kind: 'answered', afterMs: 500 };
const missed: HealthObservation = { kind: 'missed', error: 'no answer' };
const after = (...observed: HealthObservation[]): Health =>
  observed.reduce((health, one) => evolveHealth(health, one, limits), WELL);

describe('the health of a server', () => {
  it.each([
    ['well', []],
    ['well', [missed]],
    ['ill', [missed, missed]],
    ['lost', [missed, missed, missed]],
    ['well', [missed, missed, quick]],
    ['well', [missed, missed, quick, missed]],
    ['well', [slow]],
    ['ill', [slow, slow]],
    ['ill', [slow, slow, slow, slow]],
    ['well', [slow, slow, quick]],
    ['lost', [{ kind: 'suspended' }]],
  ] as const)('is %s after %j', (verdict, observed) => {
    expect(after(...observed).verdict).toBe(verdict);
  });

  it('says why it is not well, and nothing else', () => {
    expect(after(missed, missed).reason).toBe('did not answer 2 checks in a row: no answer');
    expect(after(slow, slow).reason).toBe('answers slowly: 2 checks in a row took longer than 100 ms');
    expect(after(missed).reason).toBeUndefined();
    expect(after(slow, slow, quick).reason).toBeUndefined();
  });
});

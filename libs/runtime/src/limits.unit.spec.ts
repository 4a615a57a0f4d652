import { describe, expect, it } from 'vitest';
import { RUNTIME_LIMITS, runtimeLimitsSchema } from './limits.js';

describe('runtimeLimitsSchema', () => {
  it('fills in what is left out', () => {
    expect(runtimeLimitsSchema.parse({ follow: { batch: 7 } })).toEqual({
      ...RUNTIME_LIMITS,
      follow: { ...RUNTIME_LIMITS.follow, batch: 7 },
    });
  });

  it.each([
    [{ follow: { batch: 0 } }, ['follow', 'batch']],
    [{ relay: { window: 1.5 } }, ['relay', 'window']],
    // a commit has at most 1 MiB, and a call's arguments and result shall fit in with the rest
    [{ payload: { inlineBytes: 1024 * 1024 } }, ['payload', 'inlineBytes']],
    [{ backoff: { factor: 0.5 } }, ['backoff', 'factor']],
  ])('names what is out of bounds: %j', (limits, path) => {
    expect(runtimeLimitsSchema.safeParse(limits).error?.issues).toMatchObject([{ path }]);
  });

  it('refuses unknown names: they are typing errors', () => {
    expect(runtimeLimitsSchema.safeParse({ follow: { batchSize: 1 } }).success).toBe(false);
  });
});

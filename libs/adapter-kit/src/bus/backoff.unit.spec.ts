import { describe, expect, it } from 'vitest';
import { exponentialBackoff } from './backoff.js';

describe('exponentialBackoff', () => {
  it('doubles up to a limit, and spreads over the upper half', () => {
    const delays = (random: number) =>
      [1, 2, 3, 10, 40].map(exponentialBackoff({ baseMs: 100, maxMs: 5_000, random: () => random }));
    expect(delays(0)).toEqual([50, 100, 200, 2_500, 2_500]);
    expect(delays(1)).toEqual([100, 200, 400, 5_000, 5_000]);
  });
});

import { describe, expect, it } from 'vitest';
import { Backoff } from './backoff.js';

describe('Backoff', () => {
  it('grows to its maximum', () => {
    const backoff = new Backoff({ minMs: 10, maxMs: 50, random: () => 1 });
    expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([10, 20, 40, 50, 50]);
    expect(backoff.count).toBe(5);
  });

  it('is at least half of its nominal length', () => {
    const backoff = new Backoff({ minMs: 10, random: () => 0 });
    expect(backoff.next()).toBe(5);
    expect(backoff.next()).toBe(10);
  });

  it('begins anew after a success', () => {
    const backoff = new Backoff({ minMs: 10, random: () => 1 });
    backoff.next();
    backoff.next();
    backoff.reset();
    expect(backoff.count).toBe(0);
    expect(backoff.next()).toBe(10);
  });

  it('stays finite after very many failures', () => {
    const backoff = new Backoff({ minMs: 10, maxMs: 50 });
    for (let i = 0; i < 5000; i++) backoff.next();
    expect(backoff.next()).toBeLessThanOrEqual(50);
  });
});

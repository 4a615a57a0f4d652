import { describe, expect, it } from 'vitest';
import { LogClock } from './log-clock.js';

describe('LogClock', () => {
  let now = Date.parse('2026-11-21T10:00:00.000Z');
  const at = (ms: number): string => new Date(now + ms).toISOString();

  it('never goes backwards in a partition', () => {
    const clock = new LogClock({ now: () => now });
    expect(clock.next('p', '')).toBe(at(0));
    expect(clock.next('p', at(500))).toBe(at(500));
    now -= 1000;
    clock.stored('p', at(1000));
    expect(clock.next('p', at(1000))).toBe(at(1000));
  });

  it('puts what comes after an append to another partition behind it', () => {
    const clock = new LogClock({ now: () => now });
    clock.stored('p', at(0));
    expect(clock.next('p', at(0))).toBe(at(0));
    expect(clock.next('q', '')).toBe(at(1));
    clock.stored('q', at(1));
    expect(clock.next('p', at(0))).toBe(at(2));
  });
});

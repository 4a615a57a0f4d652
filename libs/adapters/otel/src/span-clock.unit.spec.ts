import { expect, it } from 'vitest';
import { SpanClock } from './span-clock.js';

it('has the fractions that the system clock lacks, and follows it when it is set', () => {
  let [system, monotonic] = [1_000_000, 5];
  const clock = new SpanClock(
    () => Math.floor(system),
    () => monotonic,
  );
  const pass = (ms: number): number => {
    system += ms;
    monotonic += ms;
    return clock.now();
  };
  expect(clock.now()).toBe(1_000_000);
  expect(pass(0.25)).toBe(1_000_000.25);
  expect(pass(0.5)).toBe(1_000_000.75);
  system += 60_000;
  expect(pass(1)).toBeCloseTo(1_060_001, -1);
  system -= 120_000;
  expect(Math.abs(pass(1) - system)).toBeLessThan(20);
});

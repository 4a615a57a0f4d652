import { expect, it } from 'vitest';
import { settableClock } from './settable-clock.js';

it('settableClock stands still until it is moved', () => {
  const clock = settableClock(1000);
  expect(clock.now()).toBe(1000);
  clock.advance(50);
  expect(clock.now()).toBe(1050);
  clock.set(7);
  expect(clock.now()).toBe(7);
});

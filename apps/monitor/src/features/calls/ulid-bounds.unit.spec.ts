import { newId } from '@signalbox/contracts';
import { expect, it } from 'vitest';
import { leastUlidOf } from './ulid-bounds.js';

it('bounds the ids of a moment from below', () => {
  const before = Date.now();
  const id = newId();
  const after = Date.now();
  expect(leastUlidOf(before) <= id).toBe(true);
  expect(leastUlidOf(after + 1) > id).toBe(true);
  expect(leastUlidOf(1469918176385).slice(0, 10)).toBe('01ARYZ6S41');
});

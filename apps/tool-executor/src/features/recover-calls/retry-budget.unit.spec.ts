import { expect, it } from 'vitest';
import { executorConfigSchema } from '../../config.js';
import { RetryBudget } from './retry-budget.js';

const budget = (recovery: object): RetryBudget => new RetryBudget(executorConfigSchema.parse({ recovery }));

it('has a burst to begin with, then a fifth of the calls', () => {
  const retries = budget({ retryBurst: 2 });
  for (let n = 0; n < 2; n++) retries.spend();
  expect(retries.hasRoom).toBe(false);
  for (let call = 0; call < 4; call++) retries.earn();
  expect(retries.hasRoom).toBe(false);
  for (let call = 0; call < 2; call++) retries.earn();
  expect(retries.hasRoom).toBe(true);
});

it('saves no more than the burst', () => {
  const retries = budget({ retryBurst: 1 });
  for (let call = 0; call < 100; call++) retries.earn();
  retries.spend();
  expect(retries.hasRoom).toBe(false);
});

it('never has room when the share is 0', () => {
  expect(budget({ retryBudget: 0 }).hasRoom).toBe(false);
});

it('lets those who wait have what calls earn, in the order in which they came', async () => {
  const retries = budget({ retryBurst: 1, retriesPerSecond: 1 });
  expect(await retries.take(0)).toBe(true);
  expect(await retries.take(0)).toBe(false);
  const granted: string[] = [];
  const waiting = ['first', 'second'].map((name) => retries.take(60_000).then(() => granted.push(name)));
  for (let call = 0; call < 10; call++) retries.earn();
  await Promise.all(waiting);
  expect(granted).toEqual(['first', 'second']);
  expect(retries.hasRoom).toBe(false);
});

it('lets those who wait go on one by one although no call comes', async () => {
  const retries = budget({ retryBurst: 1, retriesPerSecond: 100 });
  retries.spend();
  expect(await Promise.all([retries.take(60_000), retries.take(60_000)])).toEqual([true, true]);
});

it('has nobody wait when the share is 0', async () => {
  expect(await budget({ retryBudget: 0 }).take(60_000)).toBe(false);
});

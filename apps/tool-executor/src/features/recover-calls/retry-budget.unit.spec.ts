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

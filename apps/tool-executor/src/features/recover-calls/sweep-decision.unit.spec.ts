import { expect, it } from 'vitest';
import { sweepAction, type SweepFacts } from './sweep-decision.js';

const patience = { graceMs: 5_000, overdueMs: 30_000 };
const deadline = 100_000;
const inTime = 50_000;
const justLate = 101_000;
const late = 106_000;
const overdue = 131_000;
const base: SweepFacts = {
  attempt: 1,
  phase: 'unclaimed',
  holderLives: false,
  gatewayLives: false,
  now: inTime,
  deadline,
};
const held = { phase: 'held' } as const;

it.each([
  ['send', {}],
  ['send', { attempt: 2 }],
  ['wait', { gatewayLives: true }],
  ['wait', { now: justLate }],
  ['expire', { now: late }],
  ['expire', { now: late, gatewayLives: true }],
  ['forget', { now: justLate, attempt: 2 }],
  ['wait', { ...held, holderLives: true }],
  ['wait', { ...held, holderLives: true, now: late }],
  ['close', { ...held, holderLives: true, now: overdue }],
  ['close', { ...held }],
  ['close', { ...held, gatewayLives: true }],
  ['close', { ...held, now: late, attempt: 3 }],
  ['forget', { phase: 'ended' }],
  ['forget', { phase: 'ended', now: overdue }],
] as const)('%s: %o', (action, facts) => {
  expect(sweepAction({ ...base, ...facts }, patience)).toBe(action);
});

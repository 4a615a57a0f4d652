import { describe, expect, it } from 'vitest';
import { afterResult, atTime, CLOSED, type Breaker } from './breaker.js';

const limits = { failures: 3, openMs: 1_000, maxOpenMs: 3_000 };
const fail = (breaker: Breaker, now = 0) => afterResult(breaker, false, now, limits);
const succeed = (breaker: Breaker, now = 0) => afterResult(breaker, true, now, limits);
const opened = fail(fail(fail(CLOSED)));

describe('a circuit breaker', () => {
  it('opens after so many failures in a row', () => {
    expect(fail(fail(CLOSED)).state).toBe('closed');
    expect(opened).toMatchObject({ state: 'open', until: 1_000 });
  });

  it('begins to count anew after one that went well', () => {
    expect(fail(fail(succeed(fail(fail(CLOSED))))).state).toBe('closed');
  });

  it('is the very same object as long as all goes well: nothing is made per call', () => {
    expect(succeed(CLOSED)).toBe(CLOSED);
  });

  it('is not moved by what was sent before it opened', () => {
    expect(succeed(opened)).toBe(opened);
    expect(fail(opened)).toBe(opened);
  });

  it('is tried when its time is over, and closes when that goes well', () => {
    expect(atTime(opened, 999).state).toBe('open');
    const trial = atTime(opened, 1_000);
    expect(trial.state).toBe('half_open');
    expect(succeed(trial)).toBe(CLOSED);
  });

  it('opens again at the first failure of a trial, for twice as long, up to a bound', () => {
    const again = fail(atTime(opened, 1_000), 1_000);
    expect(again).toMatchObject({ state: 'open', until: 3_000 });
    const third = fail(atTime(again, 3_000), 3_000);
    expect(third).toMatchObject({ state: 'open', until: 6_000 });
  });
});

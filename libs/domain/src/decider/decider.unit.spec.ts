import { describe, expect, it } from 'vitest';
import { fold, Refusal, type Decider } from './index.js';

const counter: Decider<number, { by: number }, { added: number }> = {
  initial: 10,
  evolve: (state, { added }) => state + added,
  decide: ({ by }) => [{ added: by }],
};

describe('fold', () => {
  it('is the initial state without events', () => {
    expect(fold(counter, [])).toBe(10);
  });

  it('applies events in their order', () => {
    const log: Decider<string, never, string> = { initial: '', evolve: (s, e) => s + e, decide: () => [] };
    expect(fold(log, ['a', 'b', 'c'])).toBe('abc');
    expect(fold(counter, [{ added: 1 }, { added: 2 }])).toBe(13);
  });
});

describe('Refusal', () => {
  it('carries a code for programs and a message for people', () => {
    const refusal = new Refusal('gone', 'x is gone', { currentVersion: 3 });
    expect(refusal).toMatchObject({ code: 'gone', message: 'x is gone', details: { currentVersion: 3 } });
    expect(refusal).toBeInstanceOf(Error);
  });
});

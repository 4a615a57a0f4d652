import { describe, expect, it } from 'vitest';
import { BufferBudget, MemoryEventBuffer } from './event-buffer.js';

const buffer = (maxEvents: number, maxBytes = 10_000, budget = new BufferBudget(100_000)): MemoryEventBuffer =>
  new MemoryEventBuffer({ maxEvents, maxBytes }, budget);

describe('MemoryEventBuffer', () => {
  it('gives what is behind a number, of that stream only', async () => {
    const events = buffer(10);
    events.append('a', { seq: 1, data: 'a1' });
    events.append('b', { seq: 1, data: 'b1' });
    events.append('a', { seq: 2, data: 'a2' });
    expect((await events.after('a', 1))!.map(({ data }) => data)).toEqual(['a2']);
    expect(await events.after('a', 2)).toEqual([]);
  });

  it('says that something is missing rather than skipping it', async () => {
    const events = buffer(2);
    for (const seq of [1, 2, 3]) events.append('a', { seq, data: String(seq) });
    expect(await events.after('a', 0)).toBeUndefined();
    expect((await events.after('a', 1))!.map(({ seq }) => seq)).toEqual([2, 3]);
  });

  it('drops the oldest for a large one, and does not keep one that is too large', async () => {
    const events = buffer(10, 100);
    events.append('a', { seq: 1, data: 'x'.repeat(20) });
    events.append('a', { seq: 2, data: 'x'.repeat(45) });
    expect(await events.after('a', 0)).toBeUndefined();
    expect(await events.after('a', 1)).toHaveLength(1);
    events.append('a', { seq: 3, data: 'x'.repeat(51) });
    expect(await events.after('a', 2)).toBeUndefined();
    expect(await events.after('a', 3)).toEqual([]);
  });

  it('shares a budget, and gives back what it forgets', async () => {
    const budget = new BufferBudget(100);
    const [one, two] = [buffer(10, 100, budget), buffer(10, 100, budget)];
    one.append('a', { seq: 1, data: 'x'.repeat(40) });
    two.append('a', { seq: 1, data: 'x'.repeat(40) });
    expect(await one.after('a', 0)).toHaveLength(1);
    expect(await two.after('a', 0)).toBeUndefined();
    one.clear();
    expect(budget.used).toBe(0);
    two.append('a', { seq: 2, data: 'x'.repeat(40) });
    expect(await two.after('a', 1)).toHaveLength(1);
    expect(budget.used).toBe(80);
  });
});

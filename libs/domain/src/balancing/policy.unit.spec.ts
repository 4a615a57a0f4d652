import { describe, expect, it } from 'vitest';
import { chooserOf, rendezvous, type BalancingPolicy, type Candidate } from './index.js';

const instance = (id: string, weight = 1, inFlight = 0) => ({ id, weight, inFlight });
const five = ['a', 'b', 'c', 'd', 'e'].map((id) => instance(id));

function counts(policy: BalancingPolicy, candidates: readonly Candidate[], rounds: number): Record<string, number> {
  const chooser = chooserOf(policy);
  const counted: Record<string, number> = {};
  for (let round = 0; round < rounds; round++) {
    const { id } = chooser.choose(candidates, `key-${round}`);
    counted[id] = (counted[id] ?? 0) + 1;
  }
  return counted;
}

describe('round-robin', () => {
  it('gives each the same', () => {
    expect(counts('round-robin', five, 1_000)).toEqual({ a: 200, b: 200, c: 200, d: 200, e: 200 });
  });

  it('is fair among those that are there, and does not make up for an absence', () => {
    const chooser = chooserOf('round-robin');
    const without = Array.from({ length: 100 }, () => chooser.choose(five.slice(1), '').id);
    for (const { id } of five.slice(1)) expect(without.filter((chosen) => chosen === id)).toHaveLength(25);
    const back = Array.from({ length: 10 }, () => chooser.choose(five, '').id);
    expect(back.join('')).toBe('abcdeabcde');
  });
});

describe('least-connections', () => {
  it('chooses the one with the fewest requests in flight', () => {
    const busy = [instance('a', 1, 3), instance('b', 1, 1), instance('c', 1, 2)];
    expect(counts('least-connections', busy, 10)).toEqual({ b: 10 });
  });

  it('takes turns among equals', () => {
    expect(counts('least-connections', five, 500)).toEqual({ a: 100, b: 100, c: 100, d: 100, e: 100 });
  });

  it('never leaves a difference of more than one, whatever ends when', () => {
    const chooser = chooserOf('least-connections');
    const loads = five.map(({ id }) => ({ id, weight: 1, inFlight: 0 }));
    for (let taken = 0; taken < 500; taken++) {
      chooser.choose(loads, '').inFlight++;
      const inFlight = loads.map((load) => load.inFlight);
      expect(Math.max(...inFlight) - Math.min(...inFlight)).toBeLessThanOrEqual(1);
    }
  });
});

describe('weighted', () => {
  const weighted = [instance('a', 5), instance('b', 1), instance('c', 1)];

  it('gives each its share exactly', () => {
    expect(counts('weighted', weighted, 700)).toEqual({ a: 500, b: 100, c: 100 });
  });

  it('spreads the turns of the heavy one over the round', () => {
    const chooser = chooserOf('weighted');
    const round = Array.from({ length: 7 }, () => chooser.choose(weighted, '').id);
    expect(round.join('')).toBe('aabacaa');
  });
});

describe('consistent hash', () => {
  const keys = Array.from({ length: 20_000 }, (_, index) => `session-${index}`);
  const placed = (candidates: readonly Candidate[]) => keys.map((key) => rendezvous(candidates, key).id);

  it('gives each instance about its share of the keys', () => {
    const counted = counts('consistent-hash', five, 20_000);
    for (const { id } of five) expect(Math.abs(counted[id]! / 4_000 - 1)).toBeLessThan(0.05);
  });

  it('minds the weights', () => {
    const counted = counts('consistent-hash', [instance('a', 3), instance('b', 1)], 20_000);
    expect(counted['a']! / 20_000).toBeCloseTo(0.75, 1);
  });

  it('chooses the same for the same key, in whatever order they stand', () => {
    expect(placed([...five].reverse())).toEqual(placed(five));
  });

  it.each(five.map(({ id }) => id))(
    'moves the keys of %s alone when it leaves, and no other when it comes back',
    (id) => {
      const before = placed(five);
      const after = placed(five.filter((candidate) => candidate.id !== id));
      const moved = before.filter((owner, index) => owner !== after[index]);
      expect(new Set(moved)).toEqual(new Set([id]));
      expect(moved.length / keys.length).toBeLessThanOrEqual(1 / 5 + 0.05);
    },
  );
});

import { afterEach, describe, expect, it, vi } from 'vitest';
import { TimerWheel } from './timer-wheel.js';

describe('TimerWheel', () => {
  afterEach(() => void vi.useRealTimers());

  function wheel(): {
    wheel: TimerWheel;
    ran: string[];
    at: (ms: number, name: string) => ReturnType<TimerWheel['schedule']>;
  } {
    vi.useFakeTimers({ now: 1_000_003 });
    const made = new TimerWheel({ now: () => Date.now() });
    const ran: string[] = [];
    const start = Date.now();
    return {
      wheel: made,
      ran,
      at: (ms, name) => made.schedule(start + ms, () => ran.push(`${name}@${Date.now() - start}`)),
    };
  }

  it('runs timers never early and at most two slots late', () => {
    const { ran, at } = wheel();
    for (const ms of [1, 9, 10, 11, 55, 500]) at(ms, `${ms}`);
    vi.advanceTimersByTime(1_000);
    for (const entry of ran) {
      const [due, actual] = entry.split('@').map(Number) as [number, number];
      expect(actual).toBeGreaterThanOrEqual(due);
      expect(actual).toBeLessThanOrEqual(due + 20);
    }
    expect(ran).toHaveLength(6);
  });

  it('runs what is due already at the next tick', () => {
    const { ran, at } = wheel();
    at(-5_000, 'past');
    vi.advanceTimersByTime(20);
    expect(ran).toHaveLength(1);
  });

  it('does not run what was cancelled, first, middle or last of its slot', () => {
    const { wheel: timers, ran, at } = wheel();
    const made = ['a', 'b', 'c', 'd', 'e'].map((name) => at(50, name));
    for (const index of [4, 2, 0, 0]) timers.cancel(made[index]!);
    vi.advanceTimersByTime(100);
    expect(ran.map((entry) => entry[0]).sort()).toEqual(['b', 'd']);
    timers.cancel(made[1]!);
  });

  it('lets a timer cancel others of its slot and make new ones', () => {
    const { wheel: timers, ran, at } = wheel();
    const victim = at(50, 'victim');
    timers.schedule(Date.now() + 50, () => {
      timers.cancel(victim);
      at(60, 'new');
    });
    vi.advanceTimersByTime(200);
    expect(ran.map((entry) => entry.split('@')[0])).toEqual(['new']);
  });

  it('runs everything, in order, after the event loop stood still', () => {
    const { ran, at } = wheel();
    at(50, 'b');
    at(20, 'a');
    at(60_000, 'c');
    vi.setSystemTime(Date.now() + 3_600_000);
    vi.advanceTimersByTime(10);
    expect(ran.map((entry) => entry[0])).toEqual(['a', 'b', 'c']);
  });

  it('keeps no interval when nothing is scheduled', () => {
    const { wheel: timers, at } = wheel();
    at(10, 'a');
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(50);
    expect(vi.getTimerCount()).toBe(0);
    at(500, 'b');
    expect(vi.getTimerCount()).toBe(1);
    timers.clear();
    expect(vi.getTimerCount()).toBe(0);
  });
});

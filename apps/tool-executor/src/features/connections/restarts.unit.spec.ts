import { describe, expect, it } from 'vitest';
import { Restarts } from './restarts.js';

const options = { minMs: 100, maxMs: 400, healthyAfterMs: 1, maxAttempts: 3, cooldownMs: 9_000, maxCooldowns: 2 };
const waits = (restarts: Restarts, count: number) => Array.from({ length: count }, () => restarts.next());
const between = (least: number, most: number) => expect.toSatisfy((ms: number) => ms >= least && ms <= most);

describe('tries to start a server again', () => {
  it('come after waits that grow, rest after some, and end', () => {
    const [a, b] = [between(50, 100), between(100, 200)];
    expect(waits(new Restarts(options), 9)).toEqual([a, b, 9_000, a, b, 9_000, a, b, undefined]);
  });

  it('begin anew when it was well', () => {
    const restarts = new Restarts(options);
    waits(restarts, 7);
    expect(restarts.failures).toBe(7);
    restarts.reset();
    expect([restarts.failures, ...waits(restarts, 3)]).toEqual([0, between(50, 100), between(100, 200), 9_000]);
  });

  it('are none when no cool-down is allowed', () => {
    expect(waits(new Restarts({ ...options, maxAttempts: 1, maxCooldowns: 0 }), 1)).toEqual([undefined]);
  });
});

import { describe, expect, it } from 'vitest';
import { newSpanId, newTraceId, randomUnit } from './random-ids.js';

describe('random ids', () => {
  it('are hex of the right length, and distinct across refills of the pool', () => {
    const traces = Array.from({ length: 2000 }, newTraceId);
    const spans = Array.from({ length: 2000 }, newSpanId);
    expect(traces.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
    expect(spans.every((id) => /^[0-9a-f]{16}$/.test(id))).toBe(true);
    expect(new Set([...traces, ...spans]).size).toBe(4000);
  });
});

describe('randomUnit', () => {
  it('takes every one of its 256 values, below 1', () => {
    const drawn = new Set(Array.from({ length: 20_000 }, randomUnit));
    expect(drawn.size).toBe(256);
    expect(Math.min(...drawn)).toBe(0);
    expect(Math.max(...drawn)).toBeLessThan(1);
  });
});

import { describe, expect, it } from 'vitest';
import { Latencies } from './latencies.js';

describe('latencies', () => {
  it('say nothing while too few are known', () => {
    const latencies = new Latencies();
    for (let ms = 1; ms < 20; ms++) latencies.add(ms);
    expect(latencies.percentile(50)).toBeUndefined();
    latencies.add(20);
    expect(latencies.percentile(50)).toBe(10);
  });

  it('give percentiles by nearest rank, whatever order they came in', () => {
    const latencies = new Latencies();
    for (let n = 0; n < 100; n++) latencies.add(((n * 37) % 100) + 1);
    expect([50, 95, 99, 99.9, 100].map((percent) => latencies.percentile(percent))).toEqual([50, 95, 99, 100, 100]);
  });

  it('forget what is long ago', () => {
    const latencies = new Latencies();
    for (let n = 0; n < 256; n++) latencies.add(1_000);
    expect(latencies.percentile(50)).toBe(1_000);
    for (let n = 0; n < 256; n++) latencies.add(5);
    expect(latencies.percentile(99.9)).toBe(5);
  });
});

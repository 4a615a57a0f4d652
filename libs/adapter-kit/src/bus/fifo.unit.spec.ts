import { describe, expect, it } from 'vitest';
import { Fifo } from './fifo.js';

describe('Fifo', () => {
  it('gives back what went in, in order, while it shrinks and grows', () => {
    const fifo = new Fifo<number>();
    let [pushed, shifted] = [0, 0];
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < 100 + round; i++) fifo.push(pushed++);
      for (let i = 0; i < 90; i++) expect(fifo.shift()).toBe(shifted++);
      expect(fifo.length).toBe(pushed - shifted);
    }
    while (fifo.length > 0) expect(fifo.shift()).toBe(shifted++);
    expect(shifted).toBe(pushed);
    expect(fifo.shift()).toBeUndefined();
  });

  it('removes from anywhere but what has gone', () => {
    const fifo = new Fifo<string>();
    for (const item of ['a', 'b', 'c', 'd']) fifo.push(item);
    fifo.shift();
    expect([fifo.remove('c'), fifo.remove('a'), fifo.remove('x')]).toEqual([true, false, false]);
    expect(fifo.drain()).toEqual(['b', 'd']);
    expect(fifo.length).toBe(0);
  });
});

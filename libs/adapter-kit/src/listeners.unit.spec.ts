import { describe, expect, it } from 'vitest';
import { Listeners } from './listeners.js';

describe('Listeners', () => {
  it('tells each as often as it was added, until it is taken out', () => {
    const listeners = new Listeners();
    let heard = 0;
    const listener = (): void => void heard++;
    const remove = listeners.add(listener);
    listeners.add(listener);
    listeners.notify();
    expect([heard, listeners.size]).toEqual([2, 2]);
    remove();
    remove();
    listeners.notify();
    expect([heard, listeners.size]).toEqual([3, 1]);
    listeners.clear();
    listeners.notify();
    expect([heard, listeners.size]).toEqual([3, 0]);
  });
});

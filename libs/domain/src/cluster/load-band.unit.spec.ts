import type { InstanceLoad, LoadBand } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { bandOf, heard, isSilent, type BandState } from './index.js';

const load = (running: number, queued = 0): InstanceLoad => ({
  running,
  queued,
  capacity: 100,
  eventLoopLagMs: 0,
  memoryBytes: 1,
});

describe('the band of a load', () => {
  it.each<[number, number, LoadBand, LoadBand]>([
    [0, 0, 'normal', 'normal'],
    [79, 5, 'normal', 'normal'],
    [80, 0, 'normal', 'high'],
    [80, 1, 'normal', 'full'],
    [100, 0, 'high', 'full'],
    [70, 0, 'high', 'high'],
    [70, 0, 'normal', 'normal'],
    [59, 0, 'high', 'normal'],
    [70, 0, 'silent', 'normal'],
  ])('of %i in hand and %i waiting, when it was %3$s, is %4$s', (running, queued, from, to) => {
    expect(bandOf(load(running, queued), from)).toBe(to);
  });

  it('changes when two heartbeats in a row say so', () => {
    let state: BandState = { band: 'normal' };
    state = heard(state, load(90));
    expect(state.band).toBe('normal');
    state = heard(heard(state, load(10)), load(90));
    expect(state.band).toBe('normal');
    expect(heard(state, load(90)).band).toBe('high');
  });

  it('of one that was silent is believed at once', () => {
    expect(heard({ band: 'silent' }, load(0))).toEqual({ band: 'normal' });
  });
});

it('is silent after three of its own intervals', () => {
  expect(isSilent(0, 1_000, 3_000)).toBe(false);
  expect(isSilent(0, 1_000, 3_001)).toBe(true);
});

import { SILENT_AFTER, type InstanceLoad, type LoadBand } from '@signalbox/contracts';

/** Share of the capacity in hand from which on the load is high. */
const HIGH = 0.8;
/** What it must fall below to be normal again: around one bound nothing changes to and fro. */
const NORMAL_AGAIN = 0.6;

/** Heartbeats in a row that must say the same. */
const AGREEING = 2;

/** Bands of one instance so far. */
export interface BandState {
  readonly band: LoadBand;
  /** What the last heartbeats say instead, and how many of them. */
  readonly next?: { readonly band: LoadBand; readonly seen: number };
}

/** The band that a load is in, coming from another. */
export function bandOf({ running, queued, capacity }: InstanceLoad, from: LoadBand): LoadBand {
  const share = running / capacity;
  if (share >= 1 || (queued > 0 && share >= HIGH)) return 'full';
  if (share >= HIGH) return 'high';
  return from !== 'normal' && from !== 'silent' && share >= NORMAL_AGAIN ? 'high' : 'normal';
}

/** The state after one more heartbeat. Who was silent and speaks is believed at once. */
export function heard(state: BandState, load: InstanceLoad): BandState {
  const band = bandOf(load, state.band);
  if (band === state.band) return { band };
  const seen = state.next?.band === band ? state.next.seen + 1 : 1;
  return seen >= AGREEING || state.band === 'silent' ? { band } : { band: state.band, next: { band, seen } };
}

/** Whether nothing was heard for so long that an instance counts as silent. Times in milliseconds. */
export const isSilent = (heardAt: number, intervalMs: number, now: number): boolean =>
  now - heardAt > SILENT_AFTER * intervalMs;

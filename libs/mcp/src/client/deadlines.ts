import { PassingList, type Place } from '@signalbox/contracts';

const RESOLUTION_MS = 50;

export interface Expiring {
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  expire(): void;
}

const waiting = new PassingList<Expiring>();
let timer: NodeJS.Timeout | undefined;

/**
 * Calls `expire` once the deadline has passed, at most 50 ms late. One timer serves all: one per request would cost more than the
 * request's own bookkeeping.
 * @returns what {@link forgetDeadline} needs
 */
export function watchDeadline(entry: Expiring): Place {
  if (timer === undefined) {
    timer = setInterval(tick, RESOLUTION_MS);
    timer.unref();
  }
  return waiting.add(entry);
}

export function forgetDeadline(place: Place): void {
  waiting.remove(place);
}

function tick(): void {
  const now = Date.now();
  for (const entry of waiting.removeIf((entry) => entry.deadline <= now)) entry.expire();
  if (waiting.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}

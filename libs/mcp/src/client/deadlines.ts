const RESOLUTION_MS = 50;

export interface Expiring {
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  expire(): void;
}

const waiting = new Set<Expiring>();
let timer: NodeJS.Timeout | undefined;

/** Calls `expire` once the deadline has passed, at most 50 ms late. One timer serves all: one per request would cost more than the request's own bookkeeping. */
export function watchDeadline(entry: Expiring): void {
  waiting.add(entry);
  if (timer === undefined) {
    timer = setInterval(tick, RESOLUTION_MS);
    timer.unref();
  }
}

export function forgetDeadline(entry: Expiring): void {
  waiting.delete(entry);
}

function tick(): void {
  const now = Date.now();
  for (const entry of waiting) {
    if (entry.deadline > now) continue;
    waiting.delete(entry);
    entry.expire();
  }
  if (waiting.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}

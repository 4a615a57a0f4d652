export interface OutlierLimits {
  /** Requests in the window from which on an instance is judged. */
  readonly minRequests: number;
  /** It is an outlier when its share of failures is above that of all others together by more than this, 0 to 1. */
  readonly excess: number;
  /** At most this share of the instances is put out at a time, 0 to 1. */
  readonly maxShare: number;
}

/** What came of the requests to one instance in the window. */
export interface Tally {
  readonly id: string;
  readonly requests: number;
  readonly failures: number;
  /** Whether it is put out already. */
  readonly isOut: boolean;
}

/**
 * The instances that fail much more often than the others do, worst first. Where all fail alike, none is: then it is not
 * the instance. The last one that takes requests is never put out.
 */
export function outliersOf(tallies: readonly Tally[], limits: OutlierLimits): readonly Tally[] {
  const mostOut = Math.min(Math.floor(tallies.length * limits.maxShare), tallies.length - 1);
  const room = mostOut - tallies.filter(({ isOut }) => isOut).length;
  if (room <= 0) return [];
  return tallies
    .filter((tally) => !tally.isOut && tally.requests >= limits.minRequests)
    .map((tally) => ({ tally, excess: shareOf([tally]) - shareOf(tallies.filter((other) => other !== tally)) }))
    .filter(({ excess }) => excess > limits.excess)
    .sort((a, b) => b.excess - a.excess)
    .slice(0, room)
    .map(({ tally }) => tally);
}

function shareOf(tallies: readonly Tally[]): number {
  let requests = 0;
  let failures = 0;
  for (const tally of tallies) {
    requests += tally.requests;
    failures += tally.failures;
  }
  return requests === 0 ? 0 : failures / requests;
}

/** Doubling delays, the upper half of each random, so that what failed together does not come back together. */
export function exponentialBackoff({ baseMs = 100, maxMs = 30_000, random = Math.random } = {}): (
  attempt: number,
) => number {
  return (attempt) => Math.min(maxMs, baseMs * 2 ** (attempt - 1)) * (0.5 + random() / 2);
}

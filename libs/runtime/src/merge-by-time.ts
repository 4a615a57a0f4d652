import type { Commit } from '@signalbox/ports';

/**
 * One list out of several, oldest first by commit time, each list's own order kept.
 * Clocks of writers differ, so the order across partitions is a convenience, never a guarantee.
 */
export function mergeByTime(lists: readonly (readonly Commit[])[]): Commit[] {
  const filled = lists.filter((list) => list.length > 0);
  if (filled.length <= 1) return filled.length === 0 ? [] : [...filled[0]!];
  const next = filled.map(() => 0);
  const merged: Commit[] = [];
  for (;;) {
    let oldest = -1;
    let oldestTime = '';
    for (let list = 0; list < filled.length; list++) {
      const time = filled[list]?.[next[list] ?? 0]?.time;
      if (time !== undefined && (oldest < 0 || time < oldestTime)) {
        oldest = list;
        oldestTime = time;
      }
    }
    if (oldest < 0) return merged;
    merged.push(filled[oldest]![next[oldest]!]!);
    next[oldest]! += 1;
  }
}

import type { Origin } from '@signalbox/contracts';

/**
 * The origin of what a peer offers, as this suite tells it on.
 * @param said what the peer says of it, where it can be read
 * @param peer the peer's suite
 * @param name what the peer calls it
 */
export function originFrom(said: Origin | undefined, peer: string, name: string): Origin {
  // who offers it is the last on the way: a peer that says otherwise has not said anything that can be believed
  return said?.via.at(-1) === peer ? said : { name, via: [peer] };
}

/** Whether something may be shown to a suite: it has not come through it, and is not too far away. */
export function mayShow({ via }: Origin, to: string, maxHops: number): boolean {
  return via.length <= maxHops && !via.includes(to);
}

/** One of the ways by which something reaches this suite. */
export interface Way {
  /** What this suite calls the peer that offers it. */
  readonly peer: string;
  readonly origin: Origin;
  readonly isAvailable: boolean;
}

/** By which of several ways something is listed: one that is open, the shortest, and then by the peers' names. */
export function betterWay(a: Way, b: Way): number {
  if (a.isAvailable !== b.isAvailable) return a.isAvailable ? -1 : 1;
  const longer = a.origin.via.length - b.origin.via.length;
  if (longer !== 0) return longer;
  return a.peer < b.peer ? -1 : 1;
}

/** Of all ways, those that lead to what a better one leads to as well. */
export function superfluousWays<W extends Way>(ways: Iterable<W>): Set<W> {
  const best = new Map<string, W>();
  const others = new Set<W>();
  for (const way of ways) {
    const { via, name } = way.origin;
    const key = `${via[0]}/${name}`;
    const known = best.get(key);
    const isBetter = known === undefined || betterWay(way, known) < 0;
    if (isBetter) best.set(key, way);
    const worse = isBetter ? known : way;
    if (worse) others.add(worse);
  }
  return others;
}

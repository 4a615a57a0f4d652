/** A request that has come from a peer, or goes to one. */
export interface Hop {
  /** This suite. */
  readonly own: string;
  /** The suites that the request has come through, the first one first. */
  readonly via: readonly string[];
  /** So many suites may be in `via`. */
  readonly maxHops: number;
}

/** Why a request that has come through other suites is not taken; undefined when it is. */
export function refusalOfHop({ own, via, maxHops }: Hop): string | undefined {
  if (via.includes(own)) {
    return `this suite has seen the request already: it came through ${wayOf([...via, own])}`;
  }
  if (via.length > maxHops) return `the request came through ${via.length} suites; at most ${maxHops} are allowed`;
  return undefined;
}

/** Why a request is not sent to a peer; undefined when it may be. @param to the peer's suite */
export function refusalOfNext(to: string, { own, via }: Pick<Hop, 'own' | 'via'>): string | undefined {
  if (to === own) return 'the peer is this very suite';
  return via.includes(to) ? `the request has come through that suite: ${wayOf([...via, own, to])}` : undefined;
}

const wayOf = (suites: readonly string[]): string => suites.join(' → ');

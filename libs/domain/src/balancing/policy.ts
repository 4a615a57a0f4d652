import { rendezvous } from './rendezvous.js';

export const BALANCING_POLICIES = ['round-robin', 'least-connections', 'weighted', 'consistent-hash'] as const;
export type BalancingPolicy = (typeof BALANCING_POLICIES)[number];

/** What a choice looks at of one instance. */
export interface Candidate {
  readonly id: string;
  /** Greater than 0. Its share among the others, by `weighted` and `consistent-hash`. */
  readonly weight: number;
  /** Requests that it has not answered yet. */
  readonly inFlight: number;
}

/** Chooses one of several instances. It remembers whose turn it is, and nothing else. */
export interface Chooser {
  /**
   * @param candidates not empty; may be others each time
   * @param key what belongs together, for `consistent-hash`
   */
  choose<C extends Candidate>(candidates: readonly C[], key: string): C;
}

export function chooserOf(policy: BalancingPolicy): Chooser {
  switch (policy) {
    case 'round-robin':
      return new RoundRobin();
    case 'least-connections':
      return new LeastConnections();
    case 'weighted':
      return new SmoothWeighted();
    case 'consistent-hash':
      return { choose: rendezvous };
  }
}

/** The one whose turn is longest ago: fair also where some are left out now and then. */
class RoundRobin implements Chooser {
  readonly #turns = new Map<string, number>();
  #turn = 0;

  choose<C extends Candidate>(candidates: readonly C[]): C {
    const chosen = candidates.reduce((best, next) => (this.#lastOf(next) < this.#lastOf(best) ? next : best));
    this.#turns.set(chosen.id, ++this.#turn);
    forgetOthers(this.#turns, candidates);
    return chosen;
  }

  #lastOf({ id }: Candidate): number {
    return this.#turns.get(id) ?? 0;
  }
}

/** The one with the fewest requests in flight; among equals they take turns. */
class LeastConnections implements Chooser {
  readonly #turns = new RoundRobin();

  choose<C extends Candidate>(candidates: readonly C[]): C {
    let least = Infinity;
    for (const { inFlight } of candidates) least = Math.min(least, inFlight);
    return this.#turns.choose(candidates.filter(({ inFlight }) => inFlight === least));
  }
}

/** Smooth weighted round-robin, as nginx has it: each gets its share, and its turns are spread over the round. */
class SmoothWeighted implements Chooser {
  readonly #credit = new Map<string, number>();

  choose<C extends Candidate>(candidates: readonly C[]): C {
    let chosen = candidates[0]!;
    let most = -Infinity;
    let total = 0;
    for (const candidate of candidates) {
      const credit = (this.#credit.get(candidate.id) ?? 0) + candidate.weight;
      this.#credit.set(candidate.id, credit);
      total += candidate.weight;
      if (credit > most) [chosen, most] = [candidate, credit];
    }
    this.#credit.set(chosen.id, most - total);
    forgetOthers(this.#credit, candidates);
    return chosen;
  }
}

/** Instances come and go: what is kept of those that went is bounded. */
function forgetOthers(kept: Map<string, number>, candidates: readonly Candidate[]): void {
  if (kept.size <= 2 * candidates.length + 64) return;
  const ids = new Set(candidates.map(({ id }) => id));
  for (const id of kept.keys()) if (!ids.has(id)) kept.delete(id);
}

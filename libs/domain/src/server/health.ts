/** From when on a server counts as ill, and as lost. */
export interface HealthThresholds {
  /** Checks in a row that were not answered, or answered slowly, after which it is ill. */
  readonly warning: number;
  /** Checks in a row that were not answered, after which it is lost. */
  readonly critical: number;
  /** Answers that take longer are slow. Milliseconds. */
  readonly slowMs: number;
}

/** What came of one check. `stopped`: its process was suspended, so that it cannot answer. */
export type HealthObservation =
  | { readonly kind: 'answered'; readonly afterMs: number }
  | { readonly kind: 'missed'; readonly error: string }
  | { readonly kind: 'suspended' };

export interface Health {
  readonly verdict: 'well' | 'ill' | 'lost';
  /** Why it is not well. */
  readonly reason: string | undefined;
  readonly missed: number;
  readonly slow: number;
}

export const WELL: Health = { verdict: 'well', reason: undefined, missed: 0, slow: 0 };

/** The health after one more check. */
export function evolveHealth(health: Health, observed: HealthObservation, limits: HealthThresholds): Health {
  switch (observed.kind) {
    case 'suspended':
      return { ...health, verdict: 'lost', reason: 'its process is suspended' };
    case 'missed': {
      const missed = health.missed + 1;
      const reason = `did not answer ${missed} ${missed === 1 ? 'check' : 'checks'} in a row: ${observed.error}`;
      const verdict = missed >= limits.critical ? 'lost' : missed >= limits.warning ? 'ill' : health.verdict;
      return { verdict, reason: verdict === 'well' ? undefined : reason, missed, slow: health.slow };
    }
    case 'answered': {
      if (observed.afterMs <= limits.slowMs) return WELL;
      const slow = health.slow + 1;
      if (slow < limits.warning) return { ...health, verdict: health.verdict, missed: 0, slow };
      const reason = `answers slowly: ${slow} checks in a row took longer than ${limits.slowMs} ms`;
      return { verdict: 'ill', reason, missed: 0, slow };
    }
  }
}

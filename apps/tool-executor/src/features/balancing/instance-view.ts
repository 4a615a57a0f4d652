import { shownInstance } from './instance-log.js';
import type { Instance } from './instance.js';

export interface InstanceView {
  /** Without user, password and query. */
  readonly url: string;
  readonly weight: number;
  readonly tags: readonly string[];
  readonly state: 'up' | 'ill' | 'down';
  /** Why it is not up. */
  readonly reason?: string;
  readonly breaker: 'closed' | 'open' | 'half_open';
  /** RFC 3339. Until then it gets no calls while others do. */
  readonly ejectedUntil?: string;
  readonly ejections: number;
  /** Requests that it has not answered yet. */
  readonly inFlight: number;
  /** Since the executor started, or the instance came. */
  readonly requests: number;
  readonly failures: number;
  readonly connections: number;
}

/** @param now milliseconds since the epoch */
export function instanceView(instance: Instance, now: number): InstanceView {
  const { spec, state, reason, ejections, ejectedUntil, inFlight, requests, failures, pool } = instance;
  return {
    url: shownInstance(spec.url),
    weight: spec.weight,
    tags: spec.tags,
    state,
    ...(reason === undefined ? {} : { reason }),
    breaker: instance.breakerAt(now).state,
    ...(ejectedUntil > now ? { ejectedUntil: new Date(ejectedUntil).toISOString() } : {}),
    ejections,
    inFlight,
    requests,
    failures,
    connections: pool.statistics().size,
  };
}

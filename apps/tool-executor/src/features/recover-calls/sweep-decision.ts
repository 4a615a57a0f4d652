/** What the log and the leases say about an open call. */
export interface SweepFacts {
  readonly attempt: number;
  /** Of that attempt, which follows only attempts that were lost. */
  readonly phase: 'unclaimed' | 'held' | 'ended';
  /** Whether the process that holds the attempt may still act. */
  readonly holderLives: boolean;
  /** Whether the gateway that holds the request may still wait for its reply, and so see to it by itself. */
  readonly gatewayLives: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly deadline: number;
}

export interface SweepPatience {
  /** After the deadline, before a call that nobody claimed is ended in its gateway's stead. */
  readonly graceMs: number;
  /** After the deadline, before a call is given up whose executor lives. */
  readonly overdueMs: number;
}

export type SweepAction = 'wait' | 'send' | 'expire' | 'close' | 'forget';

/** What the sweeper does about a call that has no outcome after some time. */
export function sweepAction(facts: SweepFacts, { graceMs, overdueMs }: SweepPatience): SweepAction {
  const { phase, attempt, holderLives, gatewayLives, now, deadline } = facts;
  if (phase === 'ended') return 'forget';
  if (phase === 'held') return !holderLives || now >= deadline + overdueMs ? 'close' : 'wait';
  // the attempt before has an outcome, and nobody waits any more
  if (now >= deadline && attempt > 1) return 'forget';
  if (now >= deadline + graceMs) return 'expire';
  return gatewayLives || now >= deadline ? 'wait' : 'send';
}

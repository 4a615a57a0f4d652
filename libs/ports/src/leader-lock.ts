/**
 * Which one of many candidates leads (DESIGN section 5).
 *
 * Contract, proven by `leaderLockContract` of `@signalbox/port-contracts`:
 * - At any time at most one candidate of a name has been told that it is elected and not yet that it is deposed.
 * - The next candidate takes over when the leader resigns, and when the leader is lost: its process ended, or it cannot
 *   reach the others. A leader that cannot be sure any more is deposed before another can be elected.
 * - Terms grow: each election of a name has a higher term than all before it. A leader that was stopped without noticing
 *   (a suspended process) may still act when it wakes; who receives its orders can refuse terms lower than the highest seen.
 */
export interface LeaderLock {
  /**
   * Becomes a candidate, until it resigns: elected when nobody else leads, and again after it was deposed. Returns at
   * once; failures behind the scenes are tried again.
   * @param name of what is led: 1 to 100 letters, digits, `.`, `_` and `-`
   * @param instanceId of the candidate, told by `leader`
   * @throws RangeError for another name
   * @throws Error when the lock is closed
   */
  campaign(name: string, instanceId: string, listener: LeadershipListener): Candidacy;
  /** The instanceId of who leads now; undefined when nobody does. Rejects when the answer cannot be had now. */
  leader(name: string): Promise<string | undefined>;
  /** Resigns all candidates of this lock. */
  close(): Promise<void>;
}

/** Calls come in turns: elected, deposed, elected … What a listener throws changes nothing. */
export interface LeadershipListener {
  /** @param term higher than that of every earlier leader of this name */
  elected(term: number): void;
  /** Work as leader has to end within this call, as far as it can be ended. */
  deposed(reason: string): void;
}

export interface Candidacy {
  /** Deposes the candidate if it leads, then lets the next one lead. Nothing is told to it afterwards. Never rejects. */
  resign(): Promise<void>;
}

const NAME = /^[A-Za-z0-9._-]{1,100}$/;

/** @throws RangeError for a name that is not one of what can be led */
export function checkLeadershipName(name: string): void {
  if (!NAME.test(name)) {
    throw new RangeError(
      `"${name.slice(0, 100)}" cannot be led; 1 to 100 letters, digits, ".", "_" and "-" are allowed`,
    );
  }
}

import { checkLeadershipName, type Candidacy, type LeaderLock, type LeadershipListener } from '@signalbox/ports';

export interface EmbeddedLeaderLockOptions {
  /** Hears what a listener throws. */
  readonly onError?: (error: unknown, where: string) => void;
}

interface Candidate {
  readonly instanceId: string;
  readonly listener: LeadershipListener;
  elected: boolean;
}

/** The process is the whole system, so its first candidate leads, and the next one takes over when that resigns. */
export class EmbeddedLeaderLock implements LeaderLock {
  private readonly candidates = new Map<string, Candidate[]>();
  private readonly onError: (error: unknown, where: string) => void;
  private term: number;
  private closed = false;

  constructor(options: EmbeddedLeaderLockOptions = {}) {
    this.onError = options.onError ?? (() => undefined);
    // the terms of a process that starts later are higher
    this.term = Date.now();
  }

  campaign(name: string, instanceId: string, listener: LeadershipListener): Candidacy {
    checkLeadershipName(name);
    if (this.closed) throw new Error('the leader lock is closed');
    const candidate: Candidate = { instanceId, listener, elected: false };
    const all = this.candidates.get(name);
    if (all) all.push(candidate);
    else this.candidates.set(name, [candidate]);
    this.electLater(name);
    return { resign: async () => this.remove(name, candidate, 'resigned') };
  }

  async leader(name: string): Promise<string | undefined> {
    const first = this.candidates.get(name)?.[0];
    return first?.elected ? first.instanceId : undefined;
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const [name, all] of this.candidates)
      for (const candidate of [...all]) this.remove(name, candidate, 'the leader lock is closed');
  }

  private remove(name: string, candidate: Candidate, reason: string): void {
    const all = this.candidates.get(name);
    const index = all?.indexOf(candidate) ?? -1;
    if (!all || index < 0) return;
    all.splice(index, 1);
    if (all.length === 0) this.candidates.delete(name);
    if (candidate.elected) this.tell(name, () => candidate.listener.deposed(reason));
    this.electLater(name);
  }

  /** In a turn of its own: a caller has its candidacy before its listener is called. */
  private electLater(name: string): void {
    queueMicrotask(() => {
      const first = this.candidates.get(name)?.[0];
      if (!first || first.elected || this.closed) return;
      first.elected = true;
      const term = ++this.term;
      this.tell(name, () => first.listener.elected(term));
    });
  }

  private tell(name: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.onError(error, `listener of the leadership of ${name}`);
    }
  }
}

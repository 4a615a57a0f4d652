import { newId } from '@signalbox/contracts';
import type { Candidacy, LeaderLock } from '@signalbox/ports';
import { afterEach, beforeEach, expect, vi } from 'vitest';

export interface LeaderLockHarness {
  /** A place for locks, empty or shared with other tests: names are unique. */
  newPlace(): Promise<string>;
  open(place: string): Promise<LeaderLock>;
  removePlace?(place: string): Promise<void>;
  /** Takes the leadership from who has it, without its doing: as when its process was gone for too long. */
  loseLeader?(place: string, name: string): Promise<void>;
}

export interface LeaderLockCapabilities {
  /** Whether two locks at one place compete, as two processes do. */
  readonly sharedBetweenLocks: boolean;
  /** Longest time from a leader's end to the next one's election, milliseconds. */
  readonly takeoverMs: number;
}

export interface Candidate {
  readonly id: string;
  /** Terms of its elections. */
  readonly terms: number[];
  readonly reasons: string[];
  readonly leads: boolean;
  resign(): Promise<void>;
}

/** Locks at a place of their own for every test, and who leads what by them. */
export class LockUnderTest {
  lock!: LeaderLock;
  place = '';
  name = '';
  /** The ids in the order of their elections. */
  elections: string[] = [];
  /** Who leads, per name. */
  private leading = new Map<string, string>();
  private locks: LeaderLock[] = [];
  private candidates = 0;

  constructor(
    private readonly harness: LeaderLockHarness,
    private readonly capabilities: LeaderLockCapabilities,
  ) {
    beforeEach(async () => {
      this.name = `t${newId().toLowerCase()}`;
      this.elections = [];
      this.leading.clear();
      this.place = await harness.newPlace();
      this.lock = await this.open();
    });
    afterEach(async () => {
      for (const lock of this.locks.splice(0)) await lock.close();
      await harness.removePlace?.(this.place);
    });
  }

  async open(): Promise<LeaderLock> {
    const lock = await this.harness.open(this.place);
    this.locks.push(lock);
    return lock;
  }

  /** A candidate whose calls are checked: at most one leads, and elected and deposed come in turns. */
  campaign(lock = this.lock, name = this.name): Candidate {
    const id = `candidate-${++this.candidates}`;
    const [terms, reasons]: [number[], string[]] = [[], []];
    const { leading, elections } = this;
    const candidacy: Candidacy = lock.campaign(name, id, {
      elected: (term) => {
        expect.soft(leading.get(name), `${id} is elected while another leads`).toBeUndefined();
        leading.set(name, id);
        terms.push(term);
        elections.push(id);
      },
      deposed: (reason) => {
        expect.soft(leading.get(name), `${id} led before it was deposed`).toBe(id);
        leading.delete(name);
        reasons.push(reason);
      },
    });
    return {
      id,
      terms,
      reasons,
      get leads() {
        return leading.get(name) === id;
      },
      resign: () => candidacy.resign(),
    };
  }

  /** The one that leads, as soon as one does. */
  leaderOf(candidates: readonly Candidate[]): Promise<Candidate> {
    return this.eventually(() => {
      const leader = candidates.find(({ leads }) => leads);
      expect(leader, 'a leader').toBeDefined();
      return leader!;
    });
  }

  eventually<T>(expectation: () => T | Promise<T>): Promise<T> {
    return vi.waitFor(expectation, { timeout: this.capabilities.takeoverMs + 3_000, interval: 10 });
  }
}

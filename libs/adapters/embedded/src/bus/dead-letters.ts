import type { DeadLetter } from '@signalbox/ports';

/** Where the bus puts parked messages. Bounded: when full, the oldest makes room. */
export interface DeadLetterStore {
  /** @param options.transient whether it is of no use after the process has ended */
  add(letter: DeadLetter, options?: { transient?: boolean }): Promise<void>;
  /** Oldest first. */
  list(options: { queue?: string | undefined; limit: number }): Promise<DeadLetter[]>;
  get(id: string): Promise<DeadLetter | undefined>;
  /** False when there is none with that id. */
  remove(id: string): Promise<boolean>;
}

export const DEFAULT_MAX_DEAD_LETTERS = 10_000;

export class MemoryDeadLetters implements DeadLetterStore {
  private readonly letters = new Map<string, DeadLetter>();

  constructor(private readonly max = DEFAULT_MAX_DEAD_LETTERS) {}

  add(letter: DeadLetter): Promise<void> {
    this.letters.set(letter.id, letter);
    if (this.letters.size > this.max) this.letters.delete(this.letters.keys().next().value!);
    return Promise.resolve();
  }

  list({ queue, limit }: { queue?: string | undefined; limit: number }): Promise<DeadLetter[]> {
    const found: DeadLetter[] = [];
    for (const letter of this.letters.values()) {
      if (found.length >= limit) break;
      if (queue === undefined || letter.queue === queue) found.push(letter);
    }
    return Promise.resolve(found);
  }

  get(id: string): Promise<DeadLetter | undefined> {
    return Promise.resolve(this.letters.get(id));
  }

  remove(id: string): Promise<boolean> {
    return Promise.resolve(this.letters.delete(id));
  }
}

import { RecentCommits } from '@signalbox/adapter-kit';
import type { StoredCommit } from './commit-document.js';

/** Reads commits of a partition from the database. */
type Read = (partition: string, after: number, limit: number) => Promise<StoredCommit[]>;

/**
 * Reads what other processes wrote, once for all who follow it in this process: what one has read is remembered, and
 * who asks while it is being read waits for the same answer.
 */
export class TailReader {
  private readonly reading = new Map<string, Promise<StoredCommit[]>>();
  /** The newest position of each partition that is remembered. */
  private readonly ends = new Map<string, number>();
  private readonly remembered: RecentCommits<StoredCommit>;

  /** @param maxBytes memory for what was read */
  constructor(
    private readonly readStored: Read,
    maxBytes: number,
  ) {
    this.remembered = new RecentCommits(maxBytes);
  }

  /** Commits with position > `after`, at most `limit`; fewer, but not none, when the rest has to be read. */
  async read(partition: string, after: number, limit: number): Promise<StoredCommit[]> {
    const known = this.remembered.after(partition, after, limit);
    if (known && known.length > 0) return known;
    const key = `${after} ${limit} ${partition}`;
    const underWay = this.reading.get(key);
    if (underWay) return [...(await underWay)];
    const reading = this.readStored(partition, after, limit);
    this.reading.set(key, reading);
    try {
      const commits = await reading;
      this.remember(partition, commits);
      return [...commits];
    } finally {
      this.reading.delete(key);
    }
  }

  /** Keeps unbroken runs only; who is behind the others, catching up, does not push out what they need. */
  private remember(partition: string, commits: readonly StoredCommit[]): void {
    for (const commit of commits) {
      const end = this.ends.get(partition);
      if (end !== undefined && commit.position <= end) continue;
      if (end !== undefined && commit.position > end + 1) this.forget();
      this.remembered.add(commit);
      this.ends.set(partition, commit.position);
    }
  }

  private forget(): void {
    this.remembered.clear();
    this.ends.clear();
  }
}

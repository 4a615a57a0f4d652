import type { Commit } from '@signalbox/ports';

/** Memory taken beside the text: the parsed body is about twice the text, the object itself a kilobyte. */
const memoryOf = (commit: Commit): number => 1024 + 3 * commit.body.length;

/** The newest commits of all partitions, bounded in bytes; of each partition an unbroken run up to its tail. */
export class RecentCommits<C extends Commit> {
  private readonly partitions = new Map<string, Queue<C>>();
  private readonly all = new Queue<C>();
  private bytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** Commits must come in the order of their positions. */
  add(commit: C): void {
    let queue = this.partitions.get(commit.partition);
    if (!queue) this.partitions.set(commit.partition, (queue = new Queue<C>()));
    queue.push(commit);
    this.all.push(commit);
    this.bytes += memoryOf(commit);
    while (this.bytes > this.maxBytes && this.all.length > 0) {
      const oldest = this.all.shift()!;
      this.bytes -= memoryOf(oldest);
      const its = this.partitions.get(oldest.partition)!;
      its.shift();
      if (its.length === 0) this.partitions.delete(oldest.partition);
    }
  }

  /** Commits after a position, or undefined when the first of them is not remembered. */
  after(partition: string, position: number, limit: number): C[] | undefined {
    const queue = this.partitions.get(partition);
    if (!queue) return undefined;
    const from = position + 1 - queue.first.position;
    return from < 0 || from >= queue.length ? undefined : queue.slice(from, limit);
  }

  clear(): void {
    this.partitions.clear();
    this.all.clear();
    this.bytes = 0;
  }
}

/** An array used from both ends; the taken part is cut off when it is the larger one. */
class Queue<C> {
  private items: C[] = [];
  private start = 0;

  get length(): number {
    return this.items.length - this.start;
  }
  get first(): C {
    return this.items[this.start]!;
  }
  push(commit: C): void {
    this.items.push(commit);
  }
  shift(): C | undefined {
    const commit = this.items[this.start];
    if (commit === undefined) return undefined;
    (this.items as (C | undefined)[])[this.start++] = undefined;
    if (this.start > 1024 && this.start * 2 > this.items.length) {
      this.items = this.items.slice(this.start);
      this.start = 0;
    }
    return commit;
  }
  slice(from: number, limit: number): C[] {
    return this.items.slice(this.start + from, this.start + from + limit);
  }
  clear(): void {
    this.items = [];
    this.start = 0;
  }
}

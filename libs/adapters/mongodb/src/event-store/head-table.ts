import type { PartitionHead } from '@signalbox/ports';
import type { Collection } from 'mongodb';
import { commitKey, type CommitDocument, type StoredCommit } from './commit-document.js';
import type { CommitReader } from './commit-reader.js';

/**
 * The newest commit of every partition, kept up to date with two small queries, however many partitions there are: their
 * names, and whether the position behind each known head is taken. All who ask at the same time share one answer.
 */
export class HeadTable {
  private readonly heads = new Map<string, PartitionHead>();
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;
  private updatedAt = -Infinity;

  /** @param onFound hears that another process stored something */
  constructor(
    private readonly commits: Collection<CommitDocument>,
    private readonly reader: CommitReader,
    private readonly onFound: () => void,
  ) {}

  /** Everything that was stored before the call. */
  async read(): Promise<PartitionHead[]> {
    await this.refresh();
    return [...this.heads.values()];
  }

  /** What was stored so many milliseconds before the call, or later. */
  async readKnown(maxAgeMs: number): Promise<PartitionHead[]> {
    if (performance.now() - this.updatedAt > maxAgeMs) await (this.running ?? this.refresh());
    return [...this.heads.values()];
  }

  /** A commit of this process. */
  note({ partition, position, hash }: StoredCommit): void {
    const head = { partition, position, hash };
    if (this.isNewer(head)) this.heads.set(partition, head);
  }

  /** One that is under way may have missed what the caller knows of: it waits for the one after that. */
  refresh(): Promise<void> {
    if (!this.running) return (this.running = this.start());
    this.next ??= this.running
      .catch(() => undefined)
      .then(() => {
        this.next = undefined;
        return (this.running = this.start());
      });
    return this.next;
  }

  private async start(): Promise<void> {
    try {
      await this.update();
    } finally {
      this.running = undefined;
    }
  }

  private async update(): Promise<void> {
    const startedAt = performance.now();
    const known = [...this.heads.values()].map(({ partition, position }) => commitKey(partition, position + 1));
    const [names, found] = await Promise.all([
      this.reader.partitionNames(),
      this.commits.find({ _id: { $in: known } }, { projection: { _id: 0, partition: 1 } }).toArray(),
    ]);
    const moved = [...names.filter((name) => !this.heads.has(name)), ...found.map(({ partition }) => partition)];
    const heads = await Promise.all(moved.map((partition) => this.reader.head(partition)));
    const news = heads.filter((head) => head !== undefined && this.isNewer(head));
    for (const head of news) this.heads.set(head!.partition, head!);
    this.updatedAt = startedAt;
    if (news.length > 0) this.onFound();
  }

  private isNewer({ partition, position }: PartitionHead): boolean {
    return position > (this.heads.get(partition)?.position ?? 0);
  }
}

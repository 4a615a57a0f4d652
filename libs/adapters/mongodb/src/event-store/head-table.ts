import type { PartitionHead } from '@signalbox/ports';
import type { Collection } from 'mongodb';
import { commitKey, type CommitDocument, type StoredCommit } from './commit-document.js';
import type { CommitReader } from './commit-reader.js';

/** How long names of partitions are good for those who only follow, milliseconds: a new one is found so much later. */
const NAMES_MS = 300;
/** Where a partition that was just written to is looked at beyond its known head: 1, 2, 4 … positions further. */
const AHEAD = Array.from({ length: 15 }, (_, power) => 2 ** power);

/**
 * The newest commit of every partition, however many partitions there are. Who follows is served by one small query: is a
 * position beyond each known head taken? Who needs to know exactly has the names and the heads read as well; all who ask
 * for that at the same time share one answer.
 */
export class HeadTable {
  private readonly heads = new Map<string, PartitionHead>();
  /** Partitions that others wrote to between the last two looks. */
  private moving: ReadonlySet<string> = new Set();
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;
  private looking: Promise<void> | undefined;
  private lookedAt = -Infinity;
  private namesAt = -Infinity;

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

  /** What the looks of the last milliseconds found; there may be more. */
  async readKnown(maxAgeMs: number): Promise<PartitionHead[]> {
    if (performance.now() - this.lookedAt > maxAgeMs) await this.look();
    return [...this.heads.values()];
  }

  /** A commit of this process. */
  note({ partition, position, hash }: StoredCommit): void {
    const head = { partition, position, hash };
    if (this.isNewer(head)) this.heads.set(partition, head);
  }

  /** Finds out whether others stored something. */
  look(): Promise<void> {
    this.looking ??= this.lookAhead().finally(() => (this.looking = undefined));
    return this.looking;
  }

  private async lookAhead(): Promise<void> {
    const startedAt = performance.now();
    const namesAreOld = startedAt - this.namesAt > NAMES_MS;
    const [names, found] = await Promise.all([namesAreOld ? this.reader.partitionNames() : [], this.taken()]);
    this.take([...found, ...(await this.headsOf(names.filter((name) => !this.heads.has(name))))]);
    if (namesAreOld) this.namesAt = startedAt;
    this.lookedAt = startedAt;
  }

  /** One that is under way may have missed what the caller knows of: it waits for the one after that. */
  private refresh(): Promise<void> {
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
    const [names, found] = await Promise.all([this.reader.partitionNames(), this.taken()]);
    const moved = new Set(names.filter((name) => !this.heads.has(name)));
    for (const { partition } of found) moved.add(partition);
    this.take(await this.headsOf(moved));
    this.namesAt = startedAt;
    this.lookedAt = startedAt;
  }

  private async headsOf(partitions: Iterable<string>): Promise<PartitionHead[]> {
    const heads = await Promise.all([...partitions].map((partition) => this.reader.head(partition)));
    return heads.filter((head) => head !== undefined);
  }

  /** Commits beyond the known heads: of those that did not move last time the next one, of the others some further ones. */
  private async taken(): Promise<PartitionHead[]> {
    const keys = [...this.heads.values()].flatMap(({ partition, position }) =>
      this.moving.has(partition)
        ? AHEAD.map((further) => commitKey(partition, position + further))
        : commitKey(partition, position + 1),
    );
    const found = await this.commits
      .find({ _id: { $in: keys } }, { projection: { _id: 0, partition: 1, position: 1, hash: 1 } })
      .toArray();
    this.moving = new Set(found.map(({ partition }) => partition));
    return found;
  }

  private take(heads: readonly PartitionHead[]): void {
    const news = heads.filter((head) => this.isNewer(head));
    for (const head of heads) if (this.isNewer(head)) this.heads.set(head.partition, head);
    if (news.length > 0) this.onFound();
  }

  private isNewer({ partition, position }: PartitionHead): boolean {
    return position > (this.heads.get(partition)?.position ?? 0);
  }
}

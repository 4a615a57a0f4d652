import { eventsOf } from '@signalbox/adapter-kit';
import type { RecordedEvent } from '@signalbox/contracts';
import type { PartitionHead } from '@signalbox/ports';
import { fromDocument, positions, type StoredCommit } from './commit-document.js';
import type { LogCollections } from './log-collections.js';

/** Text of one answer, about; a page may end before its limit because of it. */
const MAX_BYTES_PER_READ = 16 * 1024 * 1024;

/** Reads commits from the database. */
export class CommitReader {
  constructor(private readonly collections: LogCollections) {}

  async partition(partition: string, after: number, limit: number): Promise<StoredCommit[]> {
    const commits: StoredCommit[] = [];
    if (limit <= 0) return commits;
    let bytes = 0;
    const cursor = this.collections.commits.find(positions(partition, after)).sort({ _id: 1 }).limit(limit);
    for await (const document of cursor) {
      commits.push(fromDocument(document));
      if ((bytes += document.body.length) >= MAX_BYTES_PER_READ) break;
    }
    return commits;
  }

  async stream(
    partition: string,
    stream: string,
    options: { fromVersion?: number; limit?: number },
  ): Promise<RecordedEvent[]> {
    const { fromVersion = 1, limit = Infinity } = options;
    const events: RecordedEvent[] = [];
    if (limit <= 0) return events;
    const firstVersion = { $gte: fromVersion <= 1 ? 1 : await this.commitOf(partition, stream, fromVersion) };
    const cursor = this.collections.commits.find({ partition, stream, firstVersion }).sort({ firstVersion: 1 });
    if (limit !== Infinity) cursor.limit(limit + 1);
    for await (const document of cursor) {
      for (const event of eventsOf(fromDocument(document))) {
        if (event.streamVersion < fromVersion) continue;
        events.push(event);
        if (events.length >= limit) return events;
      }
    }
    return events;
  }

  async partitionNames(): Promise<string[]> {
    return (await this.collections.partitions.find().sort({ _id: 1 }).toArray()).map(({ _id }) => _id);
  }

  async types(): Promise<string[]> {
    return (await this.collections.types.find().toArray()).map(({ _id }) => _id);
  }

  async head(partition: string): Promise<PartitionHead | undefined> {
    const [newest] = await this.collections.commits
      .find(positions(partition, 0), { projection: { _id: 0, position: 1, hash: 1 } })
      .sort({ _id: -1 })
      .limit(1)
      .toArray();
    return newest && { partition, position: newest.position, hash: newest.hash };
  }

  /** The first version of the commit that has a version, or would have it. */
  private async commitOf(partition: string, stream: string, version: number): Promise<number> {
    const [found] = await this.collections.commits
      .find({ partition, stream, firstVersion: { $lte: version } }, { projection: { _id: 0, firstVersion: 1 } })
      .sort({ firstVersion: -1 })
      .limit(1)
      .toArray();
    return found?.firstVersion ?? 1;
  }
}

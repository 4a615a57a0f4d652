import { insertMissing, type LogCollections } from './log-collections.js';
import type { StoredCommit } from './commit-document.js';

/** Lists partitions and event types before the first commit that has them. */
export class NameRegister {
  private readonly partitions = new Set<string>();
  private readonly types = new Set<string>();

  constructor(private readonly collections: LogCollections) {}

  async register(partition: string, commits: readonly StoredCommit[]): Promise<void> {
    if (!this.partitions.has(partition)) {
      await insertMissing(this.collections.partitions, [partition]);
      this.partitions.add(partition);
    }
    const types = new Set(commits.flatMap((commit) => commit.types).filter((type) => !this.types.has(type)));
    if (types.size === 0) return;
    await insertMissing(this.collections.types, [...types]);
    for (const type of types) this.types.add(type);
  }
}

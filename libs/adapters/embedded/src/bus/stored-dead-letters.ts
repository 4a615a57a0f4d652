import type { DeadLetter, Document, ReadModels } from '@signalbox/ports';
import { DEFAULT_MAX_DEAD_LETTERS, MemoryDeadLetters, type DeadLetterStore } from './dead-letters.js';

const COLLECTION = 'dead_letters';
const OWNER = 'dead-letters';

type StoredLetter = Document & { readonly letter: DeadLetter };

/**
 * Dead letters that survive a restart. Transient ones, parked requests among them, stay in memory: nobody waits for
 * their answer after a restart, and their bodies (arguments of calls) have not been redacted for storage.
 */
export class StoredDeadLetters implements DeadLetterStore {
  private readonly transient: MemoryDeadLetters;
  private stored: number | undefined;
  private readonly removing = new Set<string>();

  constructor(
    private readonly readModels: ReadModels,
    private readonly max = DEFAULT_MAX_DEAD_LETTERS,
  ) {
    this.transient = new MemoryDeadLetters(max);
  }

  async add(letter: DeadLetter, options: { transient?: boolean } = {}): Promise<void> {
    if (options.transient) return this.transient.add(letter);
    this.stored ??= await this.readModels.count(COLLECTION);
    const document: StoredLetter = { _id: letter.id, queue: letter.queue, letter };
    await this.readModels.commit(OWNER, {}, [{ op: 'put', collection: COLLECTION, document }]);
    this.stored++;
    if (this.stored > this.max) {
      const [oldest] = await this.readModels.find(COLLECTION, { sort: { _id: 1 }, limit: 1 });
      if (oldest) await this.remove(oldest._id);
    }
  }

  async list({ queue, limit }: { queue?: string | undefined; limit: number }): Promise<DeadLetter[]> {
    const filter = queue === undefined ? {} : { queue };
    const stored = await this.readModels.find<StoredLetter>(COLLECTION, { filter, sort: { _id: 1 }, limit });
    const all = [...stored.map(({ letter }) => letter), ...(await this.transient.list({ queue, limit }))];
    return all.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit);
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    const document = await this.readModels.get<StoredLetter>(COLLECTION, id);
    return document ? document.letter : this.transient.get(id);
  }

  async remove(id: string): Promise<boolean> {
    if (await this.transient.remove(id)) return true;
    if (this.removing.has(id)) return false;
    this.removing.add(id);
    try {
      if (!(await this.readModels.get(COLLECTION, id))) return false;
      await this.readModels.commit(OWNER, {}, [{ op: 'delete', collection: COLLECTION, id }]);
      if (this.stored !== undefined) this.stored--;
      return true;
    } finally {
      this.removing.delete(id);
    }
  }
}

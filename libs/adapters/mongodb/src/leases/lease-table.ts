import type { LeaseHolder } from '@signalbox/ports';
import type { Collection, Db } from 'mongodb';
import { isDuplicateKey } from '../connection.js';

export interface LeaseDocument {
  /** `lease:<name>:<epoch, 12 digits>` */
  readonly _id: string;
  readonly service: string;
  readonly name: string;
  readonly epoch: number;
  /** One acquisition; its renewals have the same. */
  readonly owner: string;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly expiresAt: number;
}

export type LeaseEntry = Omit<LeaseDocument, '_id'>;

/** What is newest may not be known to most members of a replica set yet. */
const LOCAL = { readConcern: { level: 'local' } } as const;

/**
 * Epochs of names, each an insert under a unique key. The newest epoch of a name holds it until it expires; the older
 * ones mean nothing and are deleted by the holder. Times are the server's, so that clocks of hosts need not agree.
 */
export class LeaseTable {
  private readonly leases: Collection<LeaseDocument>;

  constructor(private readonly db: Db) {
    this.leases = db.collection('leases');
  }

  /** The server's time. */
  async now(): Promise<number> {
    const { localTime } = (await this.db.admin().command({ hello: 1 })) as { localTime: Date };
    return localTime.getTime();
  }

  /** False when that epoch of the name is taken, or was, and is forgotten because of a later one. */
  async insert(entry: LeaseEntry): Promise<boolean> {
    const _id = keyOf(entry.name, entry.epoch);
    try {
      await this.leases.insertOne({ _id, ...entry });
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
    const newest = await this.newest(entry.name);
    if (newest === undefined || newest.epoch <= entry.epoch) return true;
    await this.leases.deleteOne({ _id, owner: entry.owner });
    return false;
  }

  async newest(name: string): Promise<LeaseEntry | undefined> {
    const [found] = await this.leases
      .find({ _id: { $gte: keyOf(name, 0), $lt: `lease:${name};` } }, LOCAL)
      .sort({ _id: -1 })
      .limit(1)
      .toArray();
    return found;
  }

  /** The newest epoch of every name, or of those of one service. */
  async all(service?: string): Promise<Map<string, LeaseEntry>> {
    const newest = new Map<string, LeaseEntry>();
    const filter = service === undefined ? {} : { service };
    for await (const entry of this.leases.find(filter, LOCAL)) {
      if (entry.epoch > (newest.get(entry.name)?.epoch ?? 0)) newest.set(entry.name, entry);
    }
    return newest;
  }

  async deleteBefore(name: string, epoch: number): Promise<void> {
    await this.leases.deleteMany({ _id: { $gte: keyOf(name, 0), $lt: keyOf(name, epoch) } });
  }
}

export const isLive = ({ expiresAt }: LeaseEntry, now: number): boolean => now < expiresAt;

export const holderOf = (entry: LeaseEntry, now: number): LeaseHolder => ({
  name: entry.name,
  epoch: entry.epoch,
  expiresAt: entry.expiresAt,
  live: isLive(entry, now),
});

const keyOf = (name: string, epoch: number): string => `lease:${name}:${String(epoch).padStart(12, '0')}`;

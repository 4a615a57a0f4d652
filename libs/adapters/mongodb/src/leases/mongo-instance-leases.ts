import {
  checkedLease,
  MAX_LIVE_INSTANCES,
  StoreUnavailableError,
  type InstanceLeases,
  type Lease,
  type LeaseHolder,
  type LeaseOptions,
} from '@signalbox/ports';
import { randomUUID } from 'node:crypto';
import { answering, MongoConnection, type MongoConnectionOptions } from '../connection.js';
import { HeldLease } from './held-lease.js';
import { holderOf, isLive, LeaseTable, type LeaseEntry } from './lease-table.js';

/** Times that another process may take the name that was free a moment ago. */
const MAX_TRIES = 200;

/** Names of instances as documents under unique keys. */
export class MongoInstanceLeases implements InstanceLeases {
  private readonly table: LeaseTable;
  private readonly held = new Set<HeldLease>();
  private closed = false;

  private constructor(private readonly connection: MongoConnection) {
    this.table = new LeaseTable(connection.db);
  }

  /** @throws StoreUnavailableError when no server answers */
  static async open(url: string, options: MongoConnectionOptions = {}): Promise<MongoInstanceLeases> {
    return new MongoInstanceLeases(await MongoConnection.open(url, { maxPoolSize: 2, ...options }));
  }

  async acquire(service: string, options?: LeaseOptions): Promise<Lease> {
    const { ttlMs } = checkedLease(service, options);
    const owner = randomUUID();
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      const started = performance.now();
      const entry = await this.use(async () => {
        const now = await this.table.now();
        const free = firstFree(service, await this.table.all(service), now);
        const wanted = { service, ...free, owner, expiresAt: now + ttlMs };
        return (await this.table.insert(wanted)) ? wanted : undefined;
      });
      if (!entry) continue; // another one was quicker: the next free name
      const lease = new HeldLease(this.table, entry, ttlMs, started + ttlMs, (ended) => this.held.delete(ended));
      this.held.add(lease);
      return lease;
    }
    throw new StoreUnavailableError(`others were quicker ${MAX_TRIES} times to take a name of ${service}`);
  }

  holders(): Promise<LeaseHolder[]> {
    return this.use(async () => {
      const now = await this.table.now();
      const entries = [...(await this.table.all()).values()];
      return entries.map((entry) => holderOf(entry, now)).sort((a, b) => (a.name < b.name ? -1 : 1));
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.held].map((lease) => lease.stop()));
    await this.connection.close();
  }

  private async use<T>(run: () => Promise<T>): Promise<T> {
    if (this.closed) throw new StoreUnavailableError('the instance leases are closed');
    return answering('the instance leases cannot be reached', run);
  }
}

function firstFree(
  service: string,
  newest: ReadonlyMap<string, LeaseEntry>,
  now: number,
): { name: string; epoch: number } {
  for (let number = 1; number <= MAX_LIVE_INSTANCES; number++) {
    const name = `${service}-${number}`;
    const entry = newest.get(name);
    if (!entry || !isLive(entry, now)) return { name, epoch: (entry?.epoch ?? 0) + 1 };
  }
  throw new Error(`${MAX_LIVE_INSTANCES} instances of ${service} are live; no more are allowed`);
}

import type { Lease } from '@signalbox/ports';
import { answering } from '../connection.js';
import type { LeaseEntry, LeaseTable } from './lease-table.js';

/** Renewals in the time that a lease is kept. */
const RENEWALS_PER_TTL = 4;
const RETRY_MS = 250;

/** Renews a lease until it is released, lost, or stopped. */
export class HeldLease implements Lease {
  readonly lost: Promise<string>;
  private lose!: (reason: string) => void;
  private timer: NodeJS.Timeout | undefined;
  private renewal: Promise<void> | undefined;
  private ended = false;

  /** @param keptUntil on the clock of `performance.now()`, not after the server's `expiresAt` */
  constructor(
    private readonly table: LeaseTable,
    private entry: LeaseEntry,
    private readonly ttlMs: number,
    private keptUntil: number,
    private readonly onEnded: (lease: HeldLease) => void,
  ) {
    this.lost = new Promise((resolve) => (this.lose = resolve));
    this.schedule(ttlMs / RENEWALS_PER_TTL);
  }

  get name(): string {
    return this.entry.name;
  }

  get epoch(): number {
    return this.entry.epoch;
  }

  async release(): Promise<void> {
    if (this.ended) return;
    await this.stop();
    const { name, epoch } = this.entry;
    // an epoch that has expired: the name is free at once, and its epochs go on
    await answering('the lease could not be released', async () => {
      if (await this.table.insert({ ...this.entry, epoch: epoch + 1, expiresAt: 0 })) {
        await this.table.deleteBefore(name, epoch + 1);
      }
    });
  }

  /** Ends renewals. */
  async stop(): Promise<void> {
    this.end();
    await this.renewal;
  }

  private schedule(ms: number): void {
    if (this.ended) return;
    const left = this.keptUntil - performance.now();
    this.timer = setTimeout(() => (this.renewal = this.tick()), Math.max(0, Math.min(ms, left))).unref();
  }

  private async tick(): Promise<void> {
    const started = performance.now();
    if (started >= this.keptUntil) return this.giveUp(`${this.name} could not be renewed for ${this.ttlMs} ms`);
    const outcome = await Promise.race([this.renew(), this.outOfTime()]);
    if (this.ended) return;
    if (outcome === 'taken') return this.giveUp(`${this.name} was taken over by another process`);
    if (outcome === 'renewed') this.keptUntil = started + this.ttlMs;
    this.schedule(outcome === 'renewed' ? this.ttlMs / RENEWALS_PER_TTL : RETRY_MS);
  }

  private async renew(): Promise<'renewed' | 'taken' | 'failed'> {
    const { name, epoch, owner } = this.entry;
    try {
      const next = { ...this.entry, epoch: epoch + 1, expiresAt: (await this.table.now()) + this.ttlMs };
      if (await this.table.insert(next)) {
        this.entry = next;
        await this.table.deleteBefore(name, next.epoch);
        return 'renewed';
      }
      const newest = await this.table.newest(name);
      if (newest?.owner !== owner) return 'taken';
      // an earlier renewal whose answer did not come
      this.entry = newest;
      return 'failed';
    } catch {
      return 'failed';
    }
  }

  private outOfTime(): Promise<'failed'> {
    return new Promise((resolve) => {
      setTimeout(() => resolve('failed'), Math.max(0, this.keptUntil - performance.now())).unref();
    });
  }

  private giveUp(reason: string): void {
    this.end();
    this.lose(reason);
  }

  private end(): void {
    this.ended = true;
    clearTimeout(this.timer);
    this.onEnded(this);
  }
}

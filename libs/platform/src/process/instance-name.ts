import { setTimeout as delay } from 'node:timers/promises';
import type { InstanceLeases, Lease } from '@signalbox/ports';

/** Times that a name is looked for before it counts as somebody else's. */
const MAX_TRIES = 8;
/** The process with the number n begins n-1 times so much later: the lowest free name is then its own. Milliseconds. */
const TURN_MS = 200;
/** Pause while the store does not answer. Milliseconds. */
const STORE_PAUSE_MS = 1_000;

/** The name of an instance, kept for as long as the process runs. */
export class InstanceName {
  #released = false;

  private constructor(
    private readonly leases: InstanceLeases,
    private readonly service: string,
    private lease: Lease,
    private readonly onLost: (error: Error) => void,
  ) {
    this.#watch();
  }

  /**
   * Takes the lowest free name of a service. When its lease runs out because the store was away, as for everybody, it is taken
   * again once the store is back: the unique keys of the log keep the partition right meanwhile.
   * @param onLost called once when another process has the name
   */
  static async take(leases: InstanceLeases, service: string, onLost: (error: Error) => void): Promise<InstanceName> {
    return new InstanceName(leases, service, await leases.acquire(service), onLost);
  }

  get name(): string {
    return this.lease.name;
  }

  async release(): Promise<void> {
    this.#released = true;
    await this.lease.release();
  }

  #watch(): void {
    void this.lease.lost.then(async (reason) => {
      if (this.#released) return;
      const again = await this.#retake();
      if (again === undefined) {
        if (!this.#released) this.onLost(new Error(`${this.name} belongs to another process now: ${reason}`));
        return;
      }
      if (this.#released) return void (await again.release());
      this.lease = again;
      this.#watch();
    });
  }

  async #retake(): Promise<Lease | undefined> {
    const turn = Number(/\d+$/.exec(this.name)?.[0] ?? 1) - 1;
    await delay(Math.min(turn * TURN_MS, 10_000));
    // names of others that are free now, kept so that the next one comes up
    const others: Lease[] = [];
    try {
      for (let tries = 0; tries < MAX_TRIES && !this.#released;) {
        try {
          const lease = await this.leases.acquire(this.service);
          if (lease.name === this.name) return lease;
          others.push(lease);
          tries++;
        } catch (error) {
          if ((error as { retryable?: unknown }).retryable !== true) return undefined;
          await delay(STORE_PAUSE_MS);
        }
      }
      return undefined;
    } finally {
      await Promise.allSettled(others.map((lease) => lease.release()));
    }
  }
}

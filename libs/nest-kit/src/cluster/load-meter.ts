import type { InstanceLoad } from '@signalbox/contracts';
import type { ServerResponse } from 'node:http';

/** What one part of a service has to do at a moment. */
export type PartialLoad = Partial<Pick<InstanceLoad, 'running' | 'queued' | 'pool'>>;

/** Adds up how busy a service is: its open HTTP requests, and what its features say of their own work. */
export class LoadMeter {
  readonly #sources: (() => PartialLoad)[] = [];
  #open = 0;

  /** Adds what a feature has to do; asked with each heartbeat. */
  add(source: () => PartialLoad): void {
    this.#sources.push(source);
  }

  /** Counts a request until its response is closed. */
  count(response: ServerResponse): void {
    this.#open++;
    response.once('close', () => this.#open--);
  }

  read(): Pick<InstanceLoad, 'running' | 'queued' | 'pool'> {
    const sum: { running: number; queued: number; pool?: NonNullable<InstanceLoad['pool']> } = {
      running: this.#open,
      queued: 0,
    };
    for (const source of this.#sources) {
      const { running = 0, queued = 0, pool } = source();
      sum.running += running;
      sum.queued += queued;
      if (pool) {
        const { open = 0, busy = 0, waiting = 0 } = sum.pool ?? {};
        sum.pool = { open: open + pool.open, busy: busy + pool.busy, waiting: waiting + pool.waiting };
      }
    }
    return sum;
  }
}

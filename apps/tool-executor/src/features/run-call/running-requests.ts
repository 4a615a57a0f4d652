import { Injectable } from '@nestjs/common';
import { PassingMap } from '@signalbox/contracts';
import type { RunningRequest } from './running-request.js';

/** Cancellations remembered for requests that are still on their way to this executor. */
const MAX_REMEMBERED = 1_000;

/** Every request that this executor has in hand. */
@Injectable()
export class RunningRequests {
  readonly #running = new PassingMap<string, RunningRequest>();
  readonly #cancelledEarly = new Map<string, string>();
  #idle: (() => void) | undefined;

  get size(): number {
    return this.#running.size;
  }

  get(requestId: string): RunningRequest | undefined {
    return this.#running.get(requestId);
  }

  add(request: RunningRequest): void {
    const { requestId } = request.command;
    this.#running.set(requestId, request);
    if (this.#cancelledEarly.size === 0) return;
    request.cancelled = this.#cancelledEarly.get(requestId);
    this.#cancelledEarly.delete(requestId);
  }

  delete(request: RunningRequest): void {
    const { requestId } = request.command;
    if (this.#running.get(requestId) === request) this.#running.delete(requestId);
    if (this.#running.size === 0) this.#idle?.();
  }

  all(): Iterable<RunningRequest> {
    return this.#running.values();
  }

  cancel(requestId: string, reason = 'cancelled by the client'): void {
    const request = this.#running.get(requestId);
    if (request) return request.cancel(reason);
    this.#cancelledEarly.set(requestId, reason);
    if (this.#cancelledEarly.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#cancelledEarly.keys()) return void this.#cancelledEarly.delete(oldest);
  }

  /** Resolves when nothing runs any more, or after `withinMs`; true in the first case. */
  async drained(withinMs: number): Promise<boolean> {
    if (this.#running.size === 0) return true;
    let timer: NodeJS.Timeout | undefined;
    const idle = new Promise<boolean>((resolve) => {
      this.#idle = () => resolve(true);
      timer = setTimeout(() => resolve(false), withinMs);
    });
    return idle.finally(() => clearTimeout(timer));
  }
}

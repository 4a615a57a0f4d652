import { PoolExhaustedError } from './slot.js';

export interface Waiter<T> {
  readonly key: string;
  readonly timer: NodeJS.Timeout;
  resolve(value: T | PromiseLike<T>): void;
  reject(error: Error): void;
}

/** Who waits for a resource, first come first served, each with a bound on how long. */
export class WaitingLine<T> {
  readonly #line = new Set<Waiter<T>>();

  constructor(
    private readonly max: number,
    private readonly onTimeout: () => void,
  ) {}

  get length(): number {
    return this.#line.size;
  }

  /** @throws PoolExhaustedError when the line is full, or after `timeoutMs` */
  join(key: string, timeoutMs: number): Promise<T> {
    if (this.#line.size >= this.max) {
      return Promise.reject(new PoolExhaustedError(`all connections are in use and ${this.max} requests wait already`));
    }
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#line.delete(waiter);
        this.onTimeout();
        reject(new PoolExhaustedError(`no connection became free within ${Math.round(timeoutMs)} ms`));
      }, timeoutMs);
      const waiter: Waiter<T> = { key, timer, resolve, reject };
      this.#line.add(waiter);
    });
  }

  first(): Waiter<T> | undefined {
    return this.#line.values().next().value;
  }

  /** Takes out who is being served: the time-out no longer holds. */
  remove(waiter: Waiter<T>): void {
    clearTimeout(waiter.timer);
    this.#line.delete(waiter);
  }

  rejectAll(error: Error): void {
    for (const waiter of this.#line) {
      this.remove(waiter);
      waiter.reject(error);
    }
  }
}

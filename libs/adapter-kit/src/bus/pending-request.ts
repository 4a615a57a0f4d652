import type { Place } from '@signalbox/contracts';
import { RequestTimeoutError, type RequestOptions } from '@signalbox/ports';
import type { TimerWheel, WheelTimer } from './timer-wheel.js';

/** The requester's half of a request: settled once, by the reply, the deadline, its signal or the end of the bus. */
export class PendingRequest {
  readonly promise: Promise<unknown>;
  /** Where its bus keeps it. */
  place: Place | undefined;
  private resolve!: (body: unknown) => void;
  private reject!: (error: unknown) => void;
  private readonly timer: WheelTimer;
  private onAbort: (() => void) | undefined;
  private done = false;

  constructor(
    private readonly queue: string,
    private readonly options: RequestOptions,
    private readonly wheel: TimerWheel,
    private readonly hooks: RequestHooks,
  ) {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.timer = wheel.schedule(options.deadline, () => this.expire());
    if (options.signal) {
      const signal = options.signal;
      this.onAbort = () => this.fail(signal.reason);
      signal.addEventListener('abort', this.onAbort, { once: true });
    }
  }

  get deadline(): number {
    return this.options.deadline;
  }

  part(body: unknown): void {
    if (this.done || !this.options.onPart) return;
    try {
      this.options.onPart(body);
    } catch (error) {
      this.hooks.onError(error, `onPart of a request to ${this.queue}`);
    }
  }

  reply(body: unknown): void {
    if (this.finish()) this.resolve(body);
  }

  fail(error: unknown): void {
    if (this.finish()) this.reject(error);
  }

  private expire(): void {
    this.fail(new RequestTimeoutError(`no reply from queue ${this.queue} before the deadline`));
  }

  private finish(): boolean {
    if (this.done) return false;
    this.done = true;
    this.wheel.cancel(this.timer);
    if (this.onAbort) this.options.signal?.removeEventListener('abort', this.onAbort);
    this.hooks.settled(this);
    return true;
  }
}

export interface RequestHooks {
  settled(request: PendingRequest): void;
  onError(error: unknown, where: string): void;
}

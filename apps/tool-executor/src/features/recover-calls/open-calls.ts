import { PassingMap, type RecordedEvent } from '@signalbox/contracts';

export type Requested = RecordedEvent<'tool.call.requested'>;

export interface OpenCall {
  readonly requested: Requested;
  readonly deadline: number;
  /** When it is looked at next, milliseconds since the epoch. */
  dueAt: number;
  waitMs: number;
  /** When it may be sent again next, and the wait after that. */
  sendAt: number;
  sendWaitMs: number;
}

/** Calls that were requested and have no outcome yet, as far as heard. Bounded: the oldest makes room. */
export class OpenCalls {
  readonly #calls = new PassingMap<string, OpenCall>();

  constructor(
    private readonly options: { readonly max: number; readonly firstMs: number; readonly maxWaitMs: number },
  ) {}

  get size(): number {
    return this.#calls.size;
  }

  add(requested: Requested): void {
    const { firstMs, max } = this.options;
    const dueAt = Date.parse(requested.time) + firstMs;
    const deadline = Date.parse(requested.data.deadline);
    this.#calls.set(requested.data.callId, {
      requested,
      deadline,
      dueAt,
      waitMs: firstMs,
      sendAt: dueAt,
      sendWaitMs: firstMs,
    });
    if (this.#calls.size > max) this.#calls.delete(this.#calls.oldest!);
  }

  delete(callId: string): void {
    this.#calls.delete(callId);
  }

  clear(): void {
    this.#calls.clear();
  }

  /** Calls to be looked at now, oldest first; each is due again after twice the time that it was before. */
  takeDue(now: number, limit: number): OpenCall[] {
    const due: OpenCall[] = [];
    for (const call of this.#calls.values()) {
      if (call.dueAt > now) continue;
      call.waitMs = Math.min(call.waitMs * 2, this.options.maxWaitMs);
      call.dueAt = now + call.waitMs;
      due.push(call);
      if (due.length >= limit) break;
    }
    return due;
  }
}

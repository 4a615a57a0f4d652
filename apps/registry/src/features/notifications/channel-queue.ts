import type { NotificationView } from '@signalbox/domain/notification';
import { Backoff } from '@signalbox/runtime';
import { ChannelError, type Channel } from './channels/channel.js';
import type { ChannelConfig } from './notification-config.js';

export type Settlement =
  | { readonly kind: 'sent'; readonly attempts: number; readonly answer: string }
  | { readonly kind: 'failed'; readonly attempts: number; readonly reason: string };

/** One notification that waits for its channel. */
interface Waiting {
  readonly view: NotificationView;
  readonly backoff: Backoff;
  attempts: number;
  /** Milliseconds since the epoch. */
  dueAt: number;
  isSending: boolean;
  error?: string;
}

/** Longest that a timer of Node can be set for. */
const MAX_TIMER_MS = 2_147_483_647;

/** Brings notifications to one channel: several at a time, each again after a wait when it was not taken. What hangs here holds up no other channel. */
export class ChannelQueue {
  readonly #waiting = new Map<string, Waiting>();
  readonly #ended = new AbortController();
  #sending = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param maxAgeMs what was raised before is not sent any more
   * @param settled hears of the end of each, once
   */
  constructor(
    private readonly channel: Channel,
    private readonly config: ChannelConfig,
    private readonly maxAgeMs: number,
    private readonly settled: (view: NotificationView, settlement: Settlement) => void,
  ) {}

  get size(): number {
    return this.#waiting.size;
  }

  /** What is known of one that waits: tries so far, the last error, and when it is tried next. */
  stateOf(id: string): { attempts: number; error?: string; nextTryAt: string } | undefined {
    const waiting = this.#waiting.get(id);
    if (!waiting) return undefined;
    const { attempts, error, dueAt } = waiting;
    return { attempts, ...(error === undefined ? {} : { error }), nextTryAt: new Date(dueAt).toISOString() };
  }

  /** Takes a notification; nothing happens when it has it. */
  add(view: NotificationView): void {
    if (this.#ended.signal.aborted || this.#waiting.has(view.notification)) return;
    if (this.#waiting.size >= this.config.maxQueued) {
      const reason = `${this.config.maxQueued} notifications wait for this channel already`;
      return this.settled(view, { kind: 'failed', attempts: 0, reason });
    }
    const { minBackoffMs: minMs, maxBackoffMs: maxMs } = this.config;
    const backoff = new Backoff({ minMs, maxMs });
    this.#waiting.set(view.notification, { view, backoff, attempts: 0, dueAt: Date.now(), isSending: false });
    this.#pump();
  }

  /** Ends what is being sent; nothing is settled any more. */
  stop(): void {
    this.#ended.abort(new Error('this registry does not lead any more'));
    clearTimeout(this.#timer);
    this.#waiting.clear();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    const now = Date.now();
    let next = Infinity;
    for (const waiting of this.#waiting.values()) {
      if (waiting.isSending) continue;
      if (waiting.dueAt > now) next = Math.min(next, waiting.dueAt);
      else if (this.#sending >= this.config.parallel) break;
      else void this.#try(waiting);
    }
    if (next === Infinity) return;
    this.#timer = setTimeout(() => this.#pump(), Math.min(next - now, MAX_TIMER_MS));
    this.#timer.unref();
  }

  async #try(waiting: Waiting): Promise<void> {
    const { view } = waiting;
    this.#sending++;
    waiting.isSending = true;
    waiting.attempts++;
    const settlement = await this.#send(waiting);
    this.#sending--;
    waiting.isSending = false;
    if (this.#ended.signal.aborted) return;
    if (settlement) {
      this.#waiting.delete(view.notification);
      this.settled(view, settlement);
    }
    this.#pump();
  }

  /** @returns nothing when it is to be tried again */
  async #send(waiting: Waiting): Promise<Settlement | undefined> {
    const { view, attempts } = waiting;
    const { timeoutMs, maxAttempts, maxBackoffMs } = this.config;
    const ended = this.#ended.signal;
    const dueBy = Date.parse(view.raisedAt) + this.maxAgeMs;
    const giveUp = (reason: string): Settlement => ({ kind: 'failed', attempts, reason });
    if (Date.now() >= dueBy && waiting.error === undefined) return giveUp('it is too old');
    const overtime = AbortSignal.timeout(timeoutMs);
    try {
      return { kind: 'sent', attempts, answer: await this.channel.send(view, AbortSignal.any([ended, overtime])) };
    } catch (error) {
      const reason = overtime.aborted ? `no answer within ${timeoutMs} ms` : textOf(error);
      waiting.error = reason;
      const { retryAfterMs = 0, isFinal = false } = error instanceof ChannelError ? error : {};
      if (isFinal || attempts >= maxAttempts) return giveUp(reason);
      waiting.dueAt = Date.now() + Math.max(waiting.backoff.next(), Math.min(retryAfterMs, maxBackoffMs));
      return waiting.dueAt < dueBy ? undefined : giveUp(reason);
    }
  }
}

function textOf(error: unknown): string {
  const { message, cause, code } = error as { message?: string; cause?: { message?: string }; code?: string };
  return (message || cause?.message || code || String(error)).slice(0, 1_000);
}

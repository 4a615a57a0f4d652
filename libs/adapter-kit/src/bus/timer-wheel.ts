import type { Clock } from '@signalbox/ports';

/** A scheduled call; a member of the list of its slot, so that taking it out costs a few pointer writes. */
export class WheelTimer {
  slot: number;
  previous: WheelTimer | undefined;
  next: WheelTimer | undefined;

  constructor(
    slot: number,
    /** Empty once it has run or was cancelled: the timer may lie around for longer than what it was for. */
    public run: (() => void) | undefined,
  ) {
    this.slot = slot;
  }
}

/**
 * Deadlines by the thousand on one interval: due times are rounded up to slots of `slotMs`, so a timer runs at most
 * two slots late and never early. One setTimeout per request would cost more than the rest of a request.
 */
export class TimerWheel {
  private readonly slots = new Map<number, WheelTimer>();
  private size = 0;
  private cursor = 0;
  private interval: NodeJS.Timeout | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly slotMs = 10,
  ) {}

  /** @param at milliseconds since the epoch; the past means the next tick */
  schedule(at: number, run: () => void): WheelTimer {
    const now = Math.floor(this.clock.now() / this.slotMs);
    if (this.size === 0) {
      this.cursor = now;
      this.interval ??= setInterval(() => this.tick(), this.slotMs);
    }
    const timer = new WheelTimer(Math.max(Math.ceil(at / this.slotMs), now + 1, this.cursor + 1), run);
    const head = this.slots.get(timer.slot);
    timer.next = head;
    if (head) head.previous = timer;
    this.slots.set(timer.slot, timer);
    this.size++;
    return timer;
  }

  /** Nothing happens when it has run or was cancelled. */
  cancel(timer: WheelTimer): void {
    if (timer.slot < 0) return;
    if (timer.next) timer.next.previous = timer.previous;
    if (timer.previous) timer.previous.next = timer.next;
    else if (timer.next) this.slots.set(timer.slot, timer.next);
    else this.slots.delete(timer.slot);
    this.forget(timer);
  }

  /** Forgets all timers without running them. */
  clear(): void {
    this.slots.clear();
    this.size = 0;
    this.stop();
  }

  private tick(): void {
    const now = Math.floor(this.clock.now() / this.slotMs);
    // after a long stall there may be more slots behind than timers: look at the timers then
    if (now - this.cursor > this.slots.size) {
      const due = [...this.slots.keys()].filter((slot) => slot <= now).sort((a, b) => a - b);
      this.cursor = Math.max(this.cursor, now);
      for (const slot of due) this.runSlot(slot);
    } else {
      while (this.cursor < now) this.runSlot(++this.cursor);
    }
    if (this.size === 0) this.stop();
  }

  private runSlot(slot: number): void {
    for (let timer = this.slots.get(slot); timer; timer = this.slots.get(slot)) {
      const { run } = timer;
      this.cancel(timer);
      run?.();
    }
  }

  private forget(timer: WheelTimer): void {
    timer.slot = -1;
    timer.previous = timer.next = timer.run = undefined;
    this.size--;
  }

  private stop(): void {
    clearInterval(this.interval);
    this.interval = undefined;
  }
}

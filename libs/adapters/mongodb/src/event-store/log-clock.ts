import type { Clock } from '@signalbox/ports';

/**
 * Gives group commits their times. In a partition times never go backwards; and what one process appends after an
 * append to another partition resolved gets a later time than that, so that the order of times is the order of causes.
 */
export class LogClock {
  private lastTime = 0;
  private lastPartition: string | undefined;

  constructor(private readonly clock: Clock) {}

  /** @param after the time of the partition's newest commit @returns RFC 3339 */
  next(partition: string, after: string): string {
    const least = this.lastPartition === partition ? this.lastTime : this.lastTime + 1;
    const time = new Date(Math.max(this.clock.now(), least)).toISOString();
    return time > after ? time : after;
  }

  /** A group commit is stored, and may be known from now on. */
  stored(partition: string, time: string): void {
    const stored = Date.parse(time);
    if (stored < this.lastTime) return;
    this.lastTime = stored;
    this.lastPartition = partition;
  }
}

import { Listeners } from '@signalbox/adapter-kit';

/** Tells listeners that commits were stored, by this process or, found by a poll, by another. */
export class WakeUp {
  private readonly listeners = new Listeners();
  private timer: NodeJS.Timeout | undefined;

  private seen: number;

  /**
   * @param generation changes when another process wrote
   * @param pollMs how often to ask for it; undefined when no other process can write
   */
  constructor(
    private readonly generation: () => number,
    private readonly pollMs: number | undefined,
  ) {
    this.seen = generation();
  }

  add(listener: () => void): () => void {
    const remove = this.listeners.add(listener);
    if (this.pollMs !== undefined) this.timer ??= setInterval(() => this.poll(), this.pollMs).unref();
    return () => {
      remove();
      if (this.listeners.size === 0) this.stop();
    };
  }

  notify(): void {
    this.listeners.notify();
  }

  close(): void {
    this.listeners.clear();
    this.stop();
  }

  private poll(): void {
    let generation: number;
    try {
      generation = this.generation();
    } catch {
      return; // the next read or append reports that the database cannot be read
    }
    if (generation === this.seen) return;
    this.seen = generation;
    this.notify();
  }

  private stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

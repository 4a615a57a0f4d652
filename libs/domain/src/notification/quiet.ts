/** What came again while it was quiet about it. Times are milliseconds since the epoch. */
export interface QuietWindow<T> {
  readonly key: string;
  readonly until: number;
  /** How often it came since it was last told. */
  readonly held: number;
  /** When it came first and last since then. */
  readonly since: number;
  readonly last: number;
  /** The latest of what is held. */
  readonly item: T;
  /** The first of what is held: names what will be told of all of them. */
  readonly first: string;
}

/**
 * Holds back what comes again soon after it was told. Knows no clock: the same events in the same order lead to the same, so
 * that a reader which begins again decides as it did before.
 */
export class QuietTimes<T> {
  readonly #windows = new Map<string, QuietWindow<T>>();

  /** @param max windows at a time; the oldest makes room */
  constructor(
    windows: readonly QuietWindow<T>[] = [],
    private readonly max = 10_000,
  ) {
    for (const window of windows) this.#windows.set(window.key, window);
  }

  /** @returns whether it is to be told now; else it is held */
  take(key: string, at: number, quietMs: number, item: T, id: string): boolean {
    const open = this.#windows.get(key);
    if (open && at < open.until) {
      const { held, since, first } = open;
      const again = held === 0 ? { since: at, first: id } : { since, first };
      this.#windows.set(key, { ...open, ...again, held: held + 1, last: Math.max(at, open.last), item });
      return false;
    }
    // what is held of a window that is over is told by `due`, before this
    if (open && open.held > 0) throw new Error(`what is held of ${key} is due`);
    if (quietMs > 0) this.#open({ key, until: at + quietMs, held: 0, since: at, last: at, item, first: id });
    return true;
  }

  /**
   * Ends the windows that are over at this time. Where something was held, another one begins.
   * @param quietMsOf how long that one is
   * @returns what is to be told
   */
  due(now: number, quietMsOf: (item: T) => number): QuietWindow<T>[] {
    const over = [...this.#windows.values()].filter(({ until }) => until <= now);
    for (const window of over) {
      this.#windows.delete(window.key);
      const next = window.until + quietMsOf(window.item);
      if (window.held > 0 && next > now) this.#open({ ...window, until: next, held: 0 });
    }
    return over.filter(({ held }) => held > 0);
  }

  /** When the next window that holds something is over. */
  get next(): number | undefined {
    let next: number | undefined;
    for (const { until, held } of this.#windows.values()) {
      if (held > 0 && (next === undefined || until < next)) next = until;
    }
    return next;
  }

  /** As the constructor takes them. */
  windows(): QuietWindow<T>[] {
    return [...this.#windows.values()];
  }

  #open(window: QuietWindow<T>): void {
    this.#windows.set(window.key, window);
    if (this.#windows.size <= this.max) return;
    const quietest = [...this.#windows.values()].find(({ held }) => held === 0) ?? window;
    this.#windows.delete(quietest.key);
  }
}

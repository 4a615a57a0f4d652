/** Numbers that are kept. */
const WINDOW = 256;
/** Fewer say nothing of a percentile. */
const LEAST = 20;
/** So many new ones make it worth the while to sort again. */
const REFRESH = 16;

/** How long the latest calls of one kind took: a ring, of which percentiles are read. Milliseconds. */
export class Latencies {
  readonly #ring: number[] = [];
  #at = 0;
  #fresh = 0;
  #sorted: readonly number[] = [];

  add(ms: number): void {
    this.#ring[this.#at] = ms;
    this.#at = (this.#at + 1) % WINDOW;
    this.#fresh++;
  }

  /**
   * By nearest rank.
   * @param percent above 0, up to 100
   * @returns undefined while too few are known
   */
  percentile(percent: number): number | undefined {
    if (this.#ring.length < LEAST) return undefined;
    if (this.#fresh >= REFRESH || this.#sorted.length === 0) {
      this.#sorted = this.#ring.toSorted((a, b) => a - b);
      this.#fresh = 0;
    }
    return this.#sorted[Math.ceil((percent / 100) * this.#sorted.length) - 1];
  }
}

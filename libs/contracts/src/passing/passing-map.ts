/** Entries that go before the table is made anew, when few stay. */
const MIN_GONE = 64;

/**
 * A Map for entries that come and go with every call: after so many have gone, those that stay move to a new table, to which no
 * old one points. Why that matters is said at `PassingList`.
 */
export class PassingMap<K, V> {
  #entries = new Map<K, V>();
  #gone = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** The key that has been here for longest. */
  get oldest(): K | undefined {
    return this.#entries.keys().next().value;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  set(key: K, value: V): this {
    this.#entries.set(key, value);
    return this;
  }

  delete(key: K): boolean {
    if (!this.#entries.delete(key)) return false;
    if (++this.#gone >= MIN_GONE && this.#gone >= 2 * this.#entries.size) {
      this.#entries = new Map(this.#entries);
      this.#gone = 0;
    }
    return true;
  }

  /** In the order in which their keys were first set; a copy, so that entries may come and go meanwhile. */
  values(): V[] {
    return [...this.#entries.values()];
  }

  /** Removes everything. */
  clear(): void {
    this.#entries = new Map();
    this.#gone = 0;
  }
}

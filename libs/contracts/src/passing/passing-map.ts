interface Cell<V> {
  value: V | undefined;
}

/** Emptied cells that are kept for the next entries. */
const MAX_SPARE = 1_024;

/**
 * A Map for entries that come and go with every call. It holds each value in a cell that is emptied when the entry goes and used
 * again for a later one: the tables that V8 has given up hold keys and cells, not whole calls. Why that matters is said at
 * `PassingList`. Values must not be undefined.
 */
export class PassingMap<K, V extends NonNullable<unknown>> {
  readonly #cells = new Map<K, Cell<V>>();
  readonly #spare: Cell<V>[] = [];

  get size(): number {
    return this.#cells.size;
  }

  get(key: K): V | undefined {
    return this.#cells.get(key)?.value;
  }

  has(key: K): boolean {
    return this.#cells.has(key);
  }

  set(key: K, value: V): this {
    const known = this.#cells.get(key);
    if (known) {
      known.value = value;
      return this;
    }
    const cell = this.#spare.pop() ?? { value: undefined };
    cell.value = value;
    this.#cells.set(key, cell);
    return this;
  }

  delete(key: K): boolean {
    const cell = this.#cells.get(key);
    if (!cell) return false;
    cell.value = undefined;
    if (this.#spare.length < MAX_SPARE) this.#spare.push(cell);
    return this.#cells.delete(key);
  }

  /** In the order in which their keys were first set; a copy, so that entries may come and go meanwhile. */
  values(): V[] {
    return Array.from(this.#cells.values(), ({ value }) => value as V);
  }
}

/** Remembers keys for a while, at most so many of them: the oldest go first. */
export class RecentKeys {
  /** Key → until when, in milliseconds since the epoch; in the order in which they were added. */
  readonly #until = new Map<string, number>();

  constructor(
    private readonly max: number,
    private readonly forMs: number,
  ) {}

  get size(): number {
    return this.#until.size;
  }

  add(key: string, now: number): void {
    this.#until.delete(key);
    this.#until.set(key, now + this.forMs);
    if (this.#until.size > this.max) this.#until.delete(this.#until.keys().next().value!);
  }

  has(key: string, now: number): boolean {
    const until = this.#until.get(key);
    if (until === undefined) return false;
    if (now <= until) return true;
    this.#until.delete(key);
    return false;
  }
}

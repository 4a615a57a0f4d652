/** Runs what has the same key one after the other. */
export class KeyedTurns {
  private readonly tails = new Map<string, Promise<unknown>>();

  take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.tails.get(key) ?? Promise.resolve()).then(work);
    const tail = turn
      .catch(() => undefined)
      .then(() => {
        if (this.tails.get(key) === tail) this.tails.delete(key);
      });
    this.tails.set(key, tail);
    return turn;
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    await Promise.all(this.tails.values());
  }
}

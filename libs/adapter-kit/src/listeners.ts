/** Who hears that something happened. One that throws does not keep the others from hearing. */
export class Listeners {
  private readonly all = new Set<() => void>();

  get size(): number {
    return this.all.size;
  }

  /** The same function may be added twice, and then hears twice. @returns a function that takes it out */
  add(listener: () => void): () => void {
    const entry = (): void => listener();
    this.all.add(entry);
    return () => void this.all.delete(entry);
  }

  notify(): void {
    for (const listener of this.all) {
      try {
        listener();
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  clear(): void {
    this.all.clear();
  }
}

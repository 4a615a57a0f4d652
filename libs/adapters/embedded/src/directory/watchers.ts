type Listener<T> = (value: T) => void;

/** Tells listeners the newest value of a key, at once and after changes; changes of one turn are told together. */
export class Watchers<T> {
  private readonly listeners = new Map<string, Set<Listener<T>>>();
  private readonly changed = new Set<string>();

  constructor(
    private readonly current: (key: string) => T,
    private readonly onError: (error: unknown, where: string) => void,
  ) {}

  add(key: string, listener: Listener<T>): () => void {
    // a listener of its own for each watch, so that watching twice with one function and ending one leaves the other
    const own: Listener<T> = (value) => listener(value);
    const all = this.listeners.get(key);
    if (all) all.add(own);
    else this.listeners.set(key, new Set([own]));
    queueMicrotask(() => {
      if (this.listeners.get(key)?.has(own)) this.tell(key, own);
    });
    return () => {
      const rest = this.listeners.get(key);
      rest?.delete(own);
      if (rest?.size === 0) this.listeners.delete(key);
    };
  }

  notify(key: string): void {
    if (!this.listeners.has(key)) return;
    if (this.changed.size === 0) queueMicrotask(() => this.tellChanged());
    this.changed.add(key);
  }

  clear(): void {
    this.listeners.clear();
  }

  private tellChanged(): void {
    const keys = [...this.changed];
    this.changed.clear();
    for (const key of keys) for (const listener of this.listeners.get(key) ?? []) this.tell(key, listener);
  }

  private tell(key: string, listener: Listener<T>): void {
    try {
      listener(this.current(key));
    } catch (error) {
      this.onError(error, `watcher of ${key}`);
    }
  }
}

import type { Clock } from '@signalbox/ports';
import { PoolClosedError, type PoolCounters, type PoolStatistics, type Slot } from './slot.js';
import { WaitingLine } from './waiting-line.js';

export interface PoolOptions {
  /** Resources without a caller that are kept ready, with an empty key. */
  readonly min: number;
  readonly max: number;
  readonly acquireTimeoutMs: number;
  /** Unused for so long, a resource beyond `min` is destroyed. */
  readonly idleTimeoutMs: number;
  /** Unused for so long, a resource is checked before it is handed out. */
  readonly validateAfterMs: number;
  readonly maxWaiting: number;
  /** Whether a free resource may go from one key to another (a process), or stays with its key for life (a session). */
  readonly transferable: boolean;
  /** Keys for which nobody comes again: their resources end when they are given back. */
  readonly isUsedOnce?: (key: string) => boolean;
}

export interface PoolHooks<R> {
  create(key: string): Promise<R>;
  destroy(resource: R, reason: string): Promise<void>;
  /** Rejects when the resource is no longer good. */
  validate(resource: R): Promise<void>;
  /** Whether the resource must stay although nobody uses it. */
  isPinned?(resource: R): boolean;
  /** Resolves when the resource is gone by itself. */
  gone(resource: R): Promise<unknown>;
}

interface Entry<R> extends Slot<R> {
  key: string;
  leases: number;
  usedAt: number;
  acquired: number;
  state: 'ready' | 'validating' | 'gone';
}

/**
 * Resources that are bound to one key at a time and used by any number of its callers at once. A caller gets the one its
 * key has, else a free one, else a new one, else it waits in line.
 */
export class Pool<R> {
  readonly #entries = new Set<Entry<R>>();
  readonly #byKey = new Map<string, Entry<R>>();
  readonly #creating = new Map<string, Promise<Entry<R>>>();
  readonly #line: WaitingLine<Slot<R>>;
  readonly #counters: PoolCounters = {
    acquired: 0,
    created: 0,
    destroyed: 0,
    timeouts: 0,
    rejected: 0,
    validationFailures: 0,
    createFailures: 0,
  };
  #filling: Promise<Entry<R>> | undefined;
  #lastId = 0;
  #closed = false;

  constructor(
    readonly options: PoolOptions,
    private readonly hooks: PoolHooks<R>,
    private readonly clock: Clock,
  ) {
    this.#line = new WaitingLine(options.maxWaiting, () => this.#counters.timeouts++);
  }

  /**
   * Leases a resource; each must be given back by {@link release}. Answers at once, without a promise, where it can.
   * @param deadline milliseconds since the epoch; bounds the waiting beside `acquireTimeoutMs`
   * @throws PoolExhaustedError, PoolClosedError, or what `create` rejects with
   */
  acquire(key: string, deadline: number): Slot<R> | Promise<Slot<R>> {
    if (this.#closed) return Promise.reject(new PoolClosedError('the pool is closed'));
    const now = this.clock.now();
    const taken = this.#take(key, now, this.#line.length === 0);
    if (taken) return taken;
    const timeoutMs = Math.max(1, Math.min(this.options.acquireTimeoutMs, deadline - now));
    if (this.#line.length >= this.options.maxWaiting) this.#counters.rejected++;
    return this.#line.join(key, timeoutMs);
  }

  release(slot: Slot<R>): void {
    const entry = slot as Entry<R>;
    entry.leases--;
    entry.usedAt = this.clock.now();
    if (entry.leases > 0) return;
    if (entry.key !== '' && !this.options.transferable && this.options.isUsedOnce?.(entry.key) === true) {
      return void this.destroy(entry, 'its request is over');
    }
    this.#serveLine();
  }

  /** The resources that are bound to a key now. */
  slots(): Iterable<Slot<R>> {
    return this.#entries;
  }

  bound(key: string): Slot<R> | undefined {
    return this.#byKey.get(key);
  }

  /** Ends a resource; whoever uses it sees it break. */
  async destroy(slot: Slot<R>, reason: string): Promise<void> {
    const entry = slot as Entry<R>;
    if (!this.#forget(entry)) return;
    await this.hooks.destroy(entry.resource, reason);
  }

  /** Ends what a key has, and what is being made for it: nobody will come for it again. */
  async end(key: string, reason: string): Promise<void> {
    const made = await this.#creating.get(key)?.catch(() => undefined);
    const ended = new Set([this.#byKey.get(key), made?.key === key ? made : undefined]);
    await Promise.all([...ended].map((entry) => entry && this.destroy(entry, reason)));
  }

  /** Brings the pool to its least size. A caller who comes meanwhile gets what is being made, where it may have it. */
  async fill(): Promise<void> {
    const { min, transferable } = this.options;
    if (!transferable && this.#byKey.has('')) return;
    while (!this.#closed && this.#size < min) {
      const underWay = this.#creating.get('');
      if (underWay) {
        await underWay;
        continue;
      }
      const creation = this.#create('');
      if (!transferable) return void (await creation);
      this.#filling = creation;
      await creation.finally(() => (this.#filling = undefined));
    }
  }

  /** Ends what has been idle too long. To be called now and then. */
  async sweep(): Promise<void> {
    const since = this.clock.now() - this.options.idleTimeoutMs;
    const idle = [...this.#entries].filter((entry) => this.#isFree(entry) && entry.usedAt <= since);
    idle.sort((a, b) => a.usedAt - b.usedAt);
    const ends = idle.map((entry) => {
      return this.#isKept(entry) ? undefined : this.destroy(entry, 'idle');
    });
    await Promise.all(ends);
  }

  statistics(): PoolStatistics {
    let busy = 0;
    for (const entry of this.#entries) if (entry.leases > 0 || entry.state !== 'ready') busy++;
    const { min, max } = this.options;
    const size = this.#entries.size;
    const creating = this.#creating.size;
    return { size, idle: size - busy, busy, creating, waiting: this.#line.length, min, max, ...this.#counters };
  }

  async close(reason: string): Promise<void> {
    this.#closed = true;
    this.#line.rejectAll(new PoolClosedError(reason));
    await Promise.allSettled(this.#creating.values());
    await Promise.allSettled([...this.#entries].map((entry) => this.destroy(entry, reason)));
  }

  get #size(): number {
    return this.#entries.size + this.#creating.size;
  }

  /** A lease, now or soon, or nothing when the caller has to wait in line. */
  #take(key: string, now: number, isFirst: boolean): Slot<R> | Promise<Slot<R>> | undefined {
    const bound = this.#byKey.get(key);
    if (bound?.state === 'ready' && (isFirst || this.#mayShare(bound))) return this.#lease(bound, key, now);
    if (!bound || this.options.transferable) {
      const creating = this.#creating.get(key) ?? this.#filling;
      if (creating) return creating.then((entry) => this.#takeCreated(entry, key));
      const free = this.options.transferable ? this.#newestFree() : undefined;
      if (free) return this.#lease(free, key, now);
      if (this.#size < this.options.max || this.#evictOldest()) {
        return this.#create(key).then((entry) => this.#takeCreated(entry, key));
      }
    }
    return undefined;
  }

  /** A key that keeps its process busy would keep it for ever, if its newcomers did not queue with the others. */
  #mayShare(entry: Entry<R>): boolean {
    return entry.leases === 0 || !this.options.transferable || this.#line.length === 0;
  }

  #takeCreated(entry: Entry<R>, key: string): Slot<R> | Promise<Slot<R>> {
    const isMine = entry.key === key || (this.options.transferable && entry.leases === 0);
    if (entry.state === 'ready' && isMine) return this.#leaseNow(entry, key);
    return this.acquire(key, this.clock.now() + this.options.acquireTimeoutMs);
  }

  #lease(entry: Entry<R>, key: string, now: number): Slot<R> | Promise<Slot<R>> {
    if (entry.leases > 0 || now - entry.usedAt < this.options.validateAfterMs) return this.#leaseNow(entry, key);
    return this.#validated(entry, key);
  }

  #leaseNow(entry: Entry<R>, key: string): Slot<R> {
    if (entry.key !== key) {
      if (this.#byKey.get(entry.key) === entry) this.#byKey.delete(entry.key);
      entry.key = key;
    }
    this.#byKey.set(key, entry);
    entry.leases++;
    entry.acquired++;
    entry.usedAt = this.clock.now();
    this.#counters.acquired++;
    return entry;
  }

  async #validated(entry: Entry<R>, key: string): Promise<Slot<R>> {
    entry.state = 'validating';
    try {
      await this.hooks.validate(entry.resource);
    } catch {
      this.#counters.validationFailures++;
      void this.destroy(entry, 'failed its check');
      return this.acquire(key, this.clock.now() + this.options.acquireTimeoutMs);
    }
    if ((entry.state as Entry<R>['state']) === 'gone') {
      return this.acquire(key, this.clock.now() + this.options.acquireTimeoutMs);
    }
    entry.state = 'ready';
    const slot = this.#leaseNow(entry, key);
    this.#serveLine();
    return slot;
  }

  #newestFree(): Entry<R> | undefined {
    let newest: Entry<R> | undefined;
    for (const entry of this.#entries)
      if (entry.leases === 0 && entry.state === 'ready' && !(newest && newest.usedAt >= entry.usedAt)) newest = entry;
    return newest;
  }

  #isFree(entry: Entry<R>): boolean {
    return entry.leases === 0 && entry.state === 'ready' && !this.hooks.isPinned?.(entry.resource);
  }

  #isKept(entry: Entry<R>): boolean {
    const { min, transferable } = this.options;
    return transferable ? this.#size <= min : entry.key === '' && min > 0;
  }

  #evictOldest(): boolean {
    let oldest: Entry<R> | undefined;
    for (const entry of this.#entries)
      if (this.#isFree(entry) && !(oldest && oldest.usedAt <= entry.usedAt)) oldest = entry;
    if (!oldest) return false;
    void this.destroy(oldest, 'made room for another session');
    return true;
  }

  #create(key: string): Promise<Entry<R>> {
    const creation = this.#createEntry(key);
    this.#creating.set(key, creation);
    creation.then(
      () => {
        this.#creating.delete(key);
        // whoever has it made comes before those in line, who would take it as a free one
        queueMicrotask(() => this.#serveLine());
      },
      () => {
        this.#counters.createFailures++;
        this.#creating.delete(key);
        this.#serveLine();
      },
    );
    return creation;
  }

  async #createEntry(key: string): Promise<Entry<R>> {
    const resource = await this.hooks.create(key);
    if (this.#closed) {
      await this.hooks.destroy(resource, 'the pool is closed');
      throw new PoolClosedError('the pool is closed');
    }
    const now = this.clock.now();
    const id = ++this.#lastId;
    const entry: Entry<R> = { id, resource, key, leases: 0, createdAt: now, usedAt: now, acquired: 0, state: 'ready' };
    this.#entries.add(entry);
    if (!this.#byKey.has(key)) this.#byKey.set(key, entry);
    this.#counters.created++;
    void this.hooks.gone(resource).then(() => this.#forget(entry));
    return entry;
  }

  #forget(entry: Entry<R>): boolean {
    if (!this.#entries.delete(entry)) return false;
    entry.state = 'gone';
    if (this.#byKey.get(entry.key) === entry) this.#byKey.delete(entry.key);
    this.#counters.destroyed++;
    this.#serveLine();
    return true;
  }

  #serveLine(): void {
    for (let waiter = this.#line.first(); waiter && !this.#closed; waiter = this.#line.first()) {
      const taken = this.#take(waiter.key, this.clock.now(), true);
      if (!taken) return;
      this.#line.remove(waiter);
      waiter.resolve(taken);
    }
  }
}

import { LRUCache } from 'lru-cache';

export interface CachedResult {
  readonly result: Readonly<Record<string, unknown>>;
  readonly server: string;
  readonly kind: 'tools' | 'prompts' | 'resources';
  /** Of a resource. */
  readonly uri: string | undefined;
  /** Milliseconds since the epoch. */
  readonly storedAt: number;
  readonly expiresAt: number;
}

/** Results by request, for everybody or for one principal. The least recently used make room. */
export class ResultCache {
  readonly #entries: LRUCache<string, CachedResult>;
  /** Counts what made results of a server out of date, so that an answer which was on its way then is not kept. */
  readonly #generations = new Map<string, number>();
  #generation = 0;

  constructor({ maxEntries, maxBytes }: { readonly maxEntries: number; readonly maxBytes: number }) {
    this.#entries = new LRUCache({ max: maxEntries, maxSize: maxBytes });
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string, principal: string, now: number): CachedResult | undefined {
    return this.#fresh(publicKey(key), now) ?? this.#fresh(privateKey(key, principal), now);
  }

  /** @param principal the only one whom it is for; everybody when undefined */
  set(key: string, principal: string | undefined, entry: CachedResult, size: number): void {
    this.#entries.set(principal === undefined ? publicKey(key) : privateKey(key, principal), entry, { size });
  }

  /** Differs from an earlier one when something of the server has been forgotten since. */
  generation(server: string): string {
    return `${this.#generation}.${this.#generations.get(server) ?? 0}`;
  }

  forget(matches: (entry: CachedResult) => boolean, server?: string): void {
    if (server === undefined) this.#generation++;
    else this.#generations.set(server, (this.#generations.get(server) ?? 0) + 1);
    for (const [key, entry] of this.#entries.entries()) if (matches(entry)) this.#entries.delete(key);
  }

  #fresh(key: string, now: number): CachedResult | undefined {
    const entry = this.#entries.get(key);
    if (!entry || entry.expiresAt > now) return entry;
    this.#entries.delete(key);
    return undefined;
  }
}

const publicKey = (key: string): string => `+${key}`;
const privateKey = (key: string, principal: string): string => `-${JSON.stringify(principal)}${key}`;

/** A cursor of a list: the last name that was listed, and where that was, should the name be gone by then. */
interface Position {
  readonly name: string;
  readonly index: number;
}

const MAX_CURSOR = 4096;

export function writeCursor({ name, index }: Position): string {
  return Buffer.from(JSON.stringify([name, index])).toString('base64url');
}

/** @returns undefined for what {@link writeCursor} did not make */
export function readCursor(cursor: unknown): Position | undefined {
  if (typeof cursor !== 'string' || cursor.length > MAX_CURSOR) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (!Array.isArray(value) || value.length !== 2) return undefined;
    const [name, index] = value as unknown[];
    if (typeof name !== 'string' || !Number.isInteger(index) || (index as number) < 0) return undefined;
    return { name, index: index as number };
  } catch {
    return undefined;
  }
}

export interface ListItem {
  /** Unique in the list. */
  readonly name: string;
  /** Its JSON text. */
  readonly text: string;
}

/** How long, and for whom, a list may be kept (MCP 2026-07-28). */
export interface ListHints {
  readonly ttlMs: number;
  readonly cacheScope: 'public' | 'private';
}

/** A list whose pages are serialised once: `{"<key>":[…],"nextCursor":"…"}`, on demand with hints for caches. */
export class PagedList {
  readonly #pages = [new Map<number, string>(), new Map<number, string>()] as const;
  #indexes: Map<string, number> | undefined;

  constructor(
    private readonly key: string,
    readonly items: readonly ListItem[],
    private readonly pageSize: number,
    readonly hints: ListHints = { ttlMs: 0, cacheScope: 'private' },
  ) {}

  /**
   * JSON text of the page that a cursor asks for, the first without one; undefined when the cursor is malformed.
   * @param hinted with `ttlMs` and `cacheScope`
   */
  page(cursor: unknown, hinted = false): string | undefined {
    if (cursor === undefined || cursor === null) return this.#pageAt(0, hinted);
    const position = readCursor(cursor);
    if (!position) return undefined;
    this.#indexes ??= new Map(this.items.map((item, index) => [item.name, index]));
    const index = this.#indexes.get(position.name) ?? position.index - 1;
    return this.#pageAt(Math.min(index + 1, this.items.length), hinted);
  }

  #pageAt(start: number, hinted: boolean): string {
    const pages = this.#pages[hinted ? 1 : 0];
    const known = pages.get(start);
    if (known !== undefined) return known;
    const end = Math.min(start + this.pageSize, this.items.length);
    const texts = this.items.slice(start, end).map((item) => item.text);
    let page = `{"${this.key}":[${texts.join(',')}]`;
    if (end < this.items.length) {
      page += `,"nextCursor":"${writeCursor({ name: this.items[end - 1]!.name, index: end - 1 })}"`;
    }
    if (hinted) page += `,"ttlMs":${this.hints.ttlMs},"cacheScope":"${this.hints.cacheScope}"`;
    page += '}';
    // only the borders of whole pages come back often; others would let a client fill the map
    if (start % this.pageSize === 0) pages.set(start, page);
    return page;
  }
}

/**
 * Where projections keep what they made (DESIGN section 3).
 *
 * Contract, proven by `readModelsContract` of `@signalbox/port-contracts`:
 * - `commit` applies its writes in order and then moves the checkpoint. After a crash there may be writes without
 *   the checkpoint, never a checkpoint without its writes; writes are whole documents, so that repeating them changes nothing.
 * - A filter means the same in every adapter: MongoDB's semantics for the operators of {@link Filter}, array fields included.
 */
export interface ReadModels {
  commit(projection: string, checkpoint: Checkpoint, writes: readonly Write[]): Promise<void>;
  /** An empty checkpoint when the projection has not run yet. */
  checkpoint(projection: string): Promise<Checkpoint>;
  get<T extends Document>(collection: string, id: string): Promise<T | undefined>;
  getMany<T extends Document>(collection: string, ids: readonly string[]): Promise<T[]>;
  find<T extends Document>(collection: string, query?: Query): Promise<T[]>;
  count(collection: string, filter?: Filter): Promise<number>;
  /** Makes sure that filters and sorts by this field are fast. Repeating it changes nothing. */
  ensureIndex(collection: string, field: string): Promise<void>;
  /**
   * Puts a rebuilt projection in the place of the live one: collections and checkpoint take the target's names, in one
   * step where the store can, else collection by collection with the checkpoint last.
   */
  promote(
    from: { projection: string; collections: readonly string[] },
    to: { projection: string; collections: readonly string[] },
  ): Promise<void>;
  /** Forgets a projection's checkpoint and drops its collections. */
  drop(projection: string, collections: readonly string[]): Promise<void>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Partition → position of the newest commit whose events are in. */
export type Checkpoint = Readonly<Record<string, number>>;

/** A stored document; `_id` is its key. */
export type Document = { readonly _id: string } & { readonly [field: string]: unknown };

export type Write =
  | { readonly op: 'put'; readonly collection: string; readonly document: Document }
  | { readonly op: 'delete'; readonly collection: string; readonly id: string };

export interface Query {
  readonly filter?: Filter;
  /** Field (dotted path) → 1 ascending, -1 descending. Ties go by `_id`. */
  readonly sort?: Readonly<Record<string, 1 | -1>>;
  readonly skip?: number;
  /** Default 100. */
  readonly limit?: number;
}

/** The safe subset of MongoDB's query language that DESIGN section 6 allows. A bare value means `$eq`. */
export interface Filter {
  readonly $and?: readonly Filter[];
  readonly $or?: readonly Filter[];
  readonly [field: string]: unknown;
}

export const FILTER_OPERATORS = [
  '$eq',
  '$ne',
  '$gt',
  '$gte',
  '$lt',
  '$lte',
  '$in',
  '$nin',
  '$and',
  '$or',
  '$not',
  '$exists',
] as const;

/** A filter with something outside the subset; the message names it and what is allowed. */
export class InvalidFilterError extends Error {
  override readonly name = 'InvalidFilterError';
}

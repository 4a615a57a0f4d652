import {
  parseFieldPath,
  parseFilter,
  parsePage,
  QUERY_LIMITS,
  type Checkpoint,
  type Document,
  type Filter,
  type Query,
  type ReadModels,
  type Write,
} from '@signalbox/ports';
import { tableOf } from './collection-table.js';
import { filterToSql } from './filter-sql.js';
import { IndexCatalogue } from './index-catalogue.js';
import { member, rankAt, root, valueAt } from './json-sql.js';
import { openDatabase, type ReadModelDatabase } from './read-model-database.js';

export interface SqliteReadModelsOptions {
  /** File name, or `:memory:`. */
  readonly file: string;
  /** How long to wait for another process that writes, milliseconds; default 5000. */
  readonly busyTimeoutMs?: number;
}

/** No length of time makes a longer id useful, and SQLite would keep it twice: in the row and in the key. */
const MAX_ID_LENGTH = 512;

/**
 * Read models as JSON texts in SQLite, a table per collection, in a file of their own. `synchronous = NORMAL`: what was
 * committed survives kill -9; power loss may take the newest commits together with their checkpoint, and the
 * projection makes them again from the log.
 *
 * Sorting follows MongoDB's type order; where a sort field holds an array, the array counts as one value, after objects.
 */
export class SqliteReadModels implements ReadModels {
  private readonly indexes: IndexCatalogue;

  private constructor(private readonly database: ReadModelDatabase) {
    this.indexes = new IndexCatalogue(database);
  }

  /** @throws Error when the file cannot be opened or is no database */
  static async open({ file, busyTimeoutMs = 5_000 }: SqliteReadModelsOptions): Promise<SqliteReadModels> {
    return new SqliteReadModels(openDatabase(file, busyTimeoutMs));
  }

  async commit(projection: string, checkpoint: Checkpoint, writes: readonly Write[]): Promise<void> {
    const { database } = this;
    database.transaction(() => {
      for (const write of writes) this.write(write);
      database.run(
        'INSERT INTO checkpoints (projection, positions) VALUES (?, ?) ON CONFLICT DO UPDATE SET positions = excluded.positions',
        projection,
        JSON.stringify(checkpoint),
      );
    });
  }

  async checkpoint(projection: string): Promise<Checkpoint> {
    const row = this.database.first('SELECT positions FROM checkpoints WHERE projection = ?', projection);
    return row ? (JSON.parse(row['positions'] as string) as Checkpoint) : {};
  }

  async get<T extends Document>(collection: string, id: string): Promise<T | undefined> {
    const table = tableOf(collection);
    if (!this.database.hasTable(table)) return undefined;
    const row = this.database.first(`SELECT doc FROM ${table} WHERE id = ?`, id);
    return row && (JSON.parse(row['doc'] as string) as T);
  }

  async getMany<T extends Document>(collection: string, ids: readonly string[]): Promise<T[]> {
    if (ids.length > QUERY_LIMITS.limit) {
      throw new RangeError(`${ids.length} ids at once; at most ${QUERY_LIMITS.limit}`);
    }
    const table = tableOf(collection);
    if (!this.database.hasTable(table)) return [];
    const rows = this.database.all(
      `SELECT id, doc FROM ${table} WHERE id IN (SELECT value FROM json_each(?))`,
      JSON.stringify(ids),
    );
    const found = new Map(rows.map((row) => [row['id'], row['doc'] as string]));
    return [...new Set(ids)].flatMap((id) => (found.has(id) ? [JSON.parse(found.get(id)!) as T] : []));
  }

  async find<T extends Document>(collection: string, query: Query = {}): Promise<T[]> {
    const condition = filterToSql(parseFilter(query.filter ?? {}));
    const { sort, skip, limit } = parsePage(query);
    const table = tableOf(collection);
    if (!this.database.hasTable(table)) return [];
    const order = sort.flatMap(({ path, direction }) => {
      const way = direction === 1 ? 'ASC' : 'DESC';
      if (path.length === 1 && path[0] === '_id') return [`id ${way}`];
      const place = member(root, path);
      return [`${rankAt(place)} ${way}`, `${valueAt(place)} ${way}`];
    });
    const rows = this.database.all(
      `SELECT doc FROM ${table} WHERE ${condition.sql} ORDER BY ${[...order, 'id'].join(', ')} LIMIT :limit OFFSET :skip`,
      { ...condition.parameters, limit, skip },
    );
    return rows.map((row) => JSON.parse(row['doc'] as string) as T);
  }

  async count(collection: string, filter: Filter = {}): Promise<number> {
    const { sql, parameters } = filterToSql(parseFilter(filter));
    const table = tableOf(collection);
    if (!this.database.hasTable(table)) return 0;
    return this.database.first(`SELECT count(*) AS n FROM ${table} WHERE ${sql}`, parameters)!['n'] as number;
  }

  async ensureIndex(collection: string, field: string): Promise<void> {
    const path = parseFieldPath(field);
    const table = tableOf(collection);
    this.database.transaction(() => this.indexes.ensure(table, path));
  }

  async promote(
    from: { projection: string; collections: readonly string[] },
    to: { projection: string; collections: readonly string[] },
  ): Promise<void> {
    if (from.collections.length !== to.collections.length) {
      throw new RangeError(`${from.collections.length} collections cannot take the names of ${to.collections.length}`);
    }
    const { database } = this;
    database.transaction(() => {
      from.collections.forEach((source, index) => this.rename(tableOf(source), tableOf(to.collections[index]!)));
      database.run('DELETE FROM checkpoints WHERE projection = ?', to.projection);
      database.run('UPDATE checkpoints SET projection = ? WHERE projection = ?', to.projection, from.projection);
    });
  }

  async drop(projection: string, collections: readonly string[]): Promise<void> {
    const tables = collections.map(tableOf);
    this.database.transaction(() => {
      for (const table of tables) {
        this.database.dropTable(table);
        this.indexes.forget(table);
      }
      this.database.run('DELETE FROM checkpoints WHERE projection = ?', projection);
    });
  }

  async ping(): Promise<void> {
    this.database.first('SELECT 1');
  }

  async close(): Promise<void> {
    this.database.close();
  }

  private write(write: Write): void {
    const table = tableOf(write.collection);
    if (write.op === 'delete') {
      if (this.database.hasTable(table)) this.database.run(`DELETE FROM ${table} WHERE id = ?`, write.id);
      return;
    }
    const { _id } = write.document;
    if (typeof _id !== 'string' || _id === '' || _id.length > MAX_ID_LENGTH) {
      throw new RangeError(
        `_id of a document for ${write.collection} is not allowed: a string of 1–${MAX_ID_LENGTH} characters`,
      );
    }
    this.database.ensureTable(table);
    this.database.run(
      `INSERT INTO ${table} (id, doc) VALUES (?, ?) ON CONFLICT DO UPDATE SET doc = excluded.doc`,
      _id,
      JSON.stringify(write.document),
    );
  }

  /** Takes the source's table, or an empty one when the rebuilt projection wrote nothing there. */
  private rename(source: string, target: string): void {
    if (source === target) return;
    this.database.ensureTable(source);
    const wanted = this.indexes.of(target);
    this.database.dropTable(target);
    this.indexes.forget(target);
    this.database.renameTable(source, target);
    this.indexes.moved(source, target);
    for (const path of wanted) this.indexes.ensure(target, path);
  }
}

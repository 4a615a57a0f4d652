import {
  parseFieldPath,
  parseFilter,
  parsePage,
  QUERY_LIMITS,
  StoreUnavailableError,
  type Checkpoint,
  type Document,
  type Filter,
  type Query,
  type ReadModels,
  type Write,
} from '@signalbox/ports';
import { createConnection, type Connection } from 'mongoose';
import { answeringOrAway, clientOptions, databaseName, isContention, unavailable } from '../connection.js';
import { Checkpoints } from './checkpoints.js';
import { storedName } from './collection-name.js';
import { bulkOperations, lastWrites, type CollectionWrites } from './collection-writes.js';
import { toMongoFilter } from './mongo-filter.js';
import { promote, type ProjectionNames } from './promotion.js';
import type { MongoReadModelsOptions } from './options.js';

/** Two projections that write one document at the same time meet at most so often. */
const MAX_WRITE_TRIES = 5;

/**
 * Read models in MongoDB, through mongoose: a collection per collection, documents as they are, without a schema.
 * A commit is not one step: its writes are whole documents, stored before the checkpoint, and projections make again
 * what lies behind their checkpoint. Where a sort field holds an array, MongoDB sorts by its least or greatest element.
 */
export class MongoReadModels implements ReadModels {
  private readonly checkpoints: Checkpoints;
  private closed = false;

  private constructor(private readonly connection: Connection) {
    this.checkpoints = new Checkpoints(connection);
  }

  /** @throws StoreUnavailableError when no server answers */
  static async open(url: string, options: MongoReadModelsOptions = {}): Promise<MongoReadModels> {
    const connection = createConnection();
    // mongoose emits what the callers get as well
    connection.on('error', () => undefined);
    try {
      await connection.openUri(url, {
        ...clientOptions({ socketTimeoutMs: 5_000, ...options }),
        dbName: databaseName(url, options.database),
        bufferCommands: false,
        autoCreate: false,
        autoIndex: false,
      });
      return new MongoReadModels(connection);
    } catch (cause) {
      await connection.close();
      throw unavailable('no MongoDB server answers', cause);
    }
  }

  async commit(projection: string, checkpoint: Checkpoint, writes: readonly Write[]): Promise<void> {
    const collections = lastWrites(writes);
    await this.use(async () => {
      for (const [name, documents] of collections) await this.write(name, documents);
      await this.checkpoints.set(projection, checkpoint);
    });
  }

  checkpoint(projection: string): Promise<Checkpoint> {
    return this.use(() => this.checkpoints.get(projection));
  }

  async get<T extends Document>(collection: string, id: string): Promise<T | undefined> {
    return (await this.getMany<T>(collection, [id]))[0];
  }

  async getMany<T extends Document>(collection: string, ids: readonly string[]): Promise<T[]> {
    if (ids.length > QUERY_LIMITS.limit) {
      throw new RangeError(`${ids.length} ids at once; at most ${QUERY_LIMITS.limit}`);
    }
    const wanted = [...new Set(ids)];
    const documents = this.documents(collection);
    const list = await this.use(() => documents.find({ _id: { $in: wanted } }).toArray());
    const found = new Map(list.map((document) => [document._id, document as T]));
    return wanted.flatMap((id) => found.get(id) ?? []);
  }

  async find<T extends Document>(collection: string, query: Query = {}): Promise<T[]> {
    const filter = toMongoFilter(parseFilter(query.filter ?? {}));
    const { sort, skip, limit } = parsePage(query);
    const documents = this.documents(collection);
    const order = new Map(sort.map(({ path, direction }) => [path.join('.'), direction]));
    if (!order.has('_id')) order.set('_id', 1);
    return this.use(
      () => documents.find(filter).sort(order).skip(skip).limit(limit).toArray() as Promise<Document[]>,
    ) as Promise<T[]>;
  }

  async count(collection: string, filter: Filter = {}): Promise<number> {
    const condition = toMongoFilter(parseFilter(filter));
    const documents = this.documents(collection);
    return this.use(() => documents.countDocuments(condition));
  }

  /** Ends with `_id`, by which ties go. */
  async ensureIndex(collection: string, field: string): Promise<void> {
    const path = parseFieldPath(field).join('.');
    const documents = this.documents(collection);
    if (path === '_id') return;
    await this.use(() => documents.createIndex({ [path]: 1, _id: 1 }));
  }

  async promote(from: ProjectionNames, to: ProjectionNames): Promise<void> {
    if (from.collections.length !== to.collections.length) {
      throw new RangeError(`${from.collections.length} collections cannot take the names of ${to.collections.length}`);
    }
    const stored = ({ projection, collections }: ProjectionNames): ProjectionNames => ({
      projection,
      collections: collections.map(storedName),
    });
    const [source, target] = [stored(from), stored(to)];
    await this.use(() => promote(this.connection.db!, this.checkpoints, source, target));
  }

  async drop(projection: string, collections: readonly string[]): Promise<void> {
    const names = collections.map(storedName);
    await this.use(async () => {
      await this.checkpoints.delete(projection);
      for (const name of names) await this.connection.db!.dropCollection(name);
    });
  }

  async ping(): Promise<void> {
    // a write that changes nothing: only a server that takes writes answers it
    await this.use(() => this.checkpoints.delete(''));
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.connection.close();
  }

  private async write(name: string, documents: CollectionWrites): Promise<void> {
    const operations = bulkOperations(documents);
    for (let tries = 1; ; tries++) {
      try {
        await this.connection.collection<Document>(name).bulkWrite(operations, { ordered: true });
        return;
      } catch (error) {
        if (!isContention(error) || tries === MAX_WRITE_TRIES) throw error;
      }
    }
  }

  private documents(collection: string) {
    return this.connection.collection<Document>(storedName(collection));
  }

  private async use<T>(run: () => Promise<T>): Promise<T> {
    if (this.closed) throw new StoreUnavailableError('the read models are closed');
    return answeringOrAway('the read models cannot be reached', run);
  }
}

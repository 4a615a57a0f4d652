import { StoreUnavailableError } from '@signalbox/ports';
import {
  MongoBulkWriteError,
  MongoClient,
  MongoClientClosedError,
  MongoError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
  MongoWriteConcernError,
  ReadConcern,
  type Db,
  type MongoClientOptions,
} from 'mongodb';
import { repairDriver } from './driver-repair.js';

export interface MongoConnectionOptions {
  /** Default: the one in the URL, else `signalbox`. */
  readonly database?: string;
  /** Default `signalbox`: what the server's own log calls this client. */
  readonly appName?: string;
  /** Connections of this process. Default 10. */
  readonly maxPoolSize?: number;
  /** How long to look for a server that takes writes, milliseconds. Default 1000. */
  readonly serverSelectionTimeoutMs?: number;
  /** How long a connection may take to be made, milliseconds. Default 1500. */
  readonly connectTimeoutMs?: number;
  /** How long a server may take for one answer, milliseconds. Default 2000. */
  readonly socketTimeoutMs?: number;
  /** How long to wait for one of the connections, milliseconds. Default 1000. */
  readonly waitQueueTimeoutMs?: number;
  /** How often the servers are looked at, milliseconds. Default 1000. */
  readonly heartbeatMs?: number;
  /**
   * `majority` (default): acknowledged is what most members of a replica set have in their journals, and only such
   * commits are read. `local`: what the primary has in its journal; a fail-over may lose it.
   */
  readonly durability?: 'majority' | 'local';
}

/** Names of databases, on every server and file system. */
const DATABASE_NAME = /^[A-Za-z0-9_-]{1,63}$/;
const DEFAULT_DATABASE = 'signalbox';

/** One client of a MongoDB server, or of what speaks its protocol, with every time-out bounded. */
export class MongoConnection {
  private constructor(
    private readonly client: MongoClient,
    readonly db: Db,
    /** A replica set or a sharded cluster: it has change streams. */
    readonly replicated: boolean,
  ) {}

  /**
   * @throws Error when the URL or the name of the database is not allowed
   * @throws StoreUnavailableError when no server answers in time
   */
  static async open(url: string, options: MongoConnectionOptions = {}): Promise<MongoConnection> {
    const name = databaseName(url, options.database);
    const client = new MongoClient(url, clientOptions(options));
    try {
      await client.connect();
      const { setName, msg } = await client.db('admin').command({ hello: 1 });
      const replicated = setName !== undefined || msg === 'isdbgrid';
      const majority = replicated && options.durability !== 'local';
      const db = client.db(name, majority ? { readConcern: new ReadConcern('majority') } : {});
      return new MongoConnection(client, db, replicated);
    } catch (cause) {
      await client.close();
      throw new StoreUnavailableError(`no MongoDB server answers: ${(cause as Error).message}`, { cause });
    }
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}

/** @throws Error for a name that is not allowed */
export function databaseName(url: string, wanted: string | undefined): string {
  const name = wanted ?? /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(url)?.[1] ?? DEFAULT_DATABASE;
  if (DATABASE_NAME.test(name)) return name;
  throw new Error(`the database "${name.slice(0, 70)}" is not allowed: 1–63 letters, digits, _ and -`);
}

/** Retried by us, by commitId, the same on every server: the driver's own retries of writes need a replica set. */
export function clientOptions(options: MongoConnectionOptions): MongoClientOptions {
  repairDriver();
  const w = options.durability === 'local' ? 1 : 'majority';
  const socketTimeoutMS = options.socketTimeoutMs ?? 2_000;
  return {
    appName: options.appName ?? 'signalbox',
    maxPoolSize: options.maxPoolSize ?? 10,
    serverSelectionTimeoutMS: options.serverSelectionTimeoutMs ?? 1_000,
    connectTimeoutMS: options.connectTimeoutMs ?? 1_500,
    socketTimeoutMS,
    waitQueueTimeoutMS: options.waitQueueTimeoutMs ?? 1_000,
    heartbeatFrequencyMS: options.heartbeatMs ?? 1_000,
    writeConcern: { w, journal: true, wtimeoutMS: socketTimeoutMS },
    retryWrites: false,
    ignoreUndefined: true,
  };
}

const DUPLICATE_KEY = 11000;
/** PostgreSQL's "deadlock detected", as FerretDB passes it on; WriteConflict; LockTimeout. */
const CONTENTION = new Set([16908292, 112, 24]);

export const isDuplicateKey = (error: unknown): boolean => codeOf(error) === DUPLICATE_KEY;

/**
 * Two writers met; nothing is wrong, and who comes again gets in. What was stored before is as durable as was asked for,
 * unless the server says otherwise.
 */
export function isContention(error: unknown): boolean {
  if (error instanceof MongoBulkWriteError && error.result.getWriteConcernError() !== undefined) return false;
  return isDuplicateKey(error) || CONTENTION.has(codeOf(error) ?? 0);
}

function codeOf(error: unknown): number | undefined {
  const code = error instanceof MongoError ? error.code : undefined;
  return typeof code === 'number' ? code : undefined;
}

/** Runs one read or write; a server that is away or too slow is the port's error. */
export async function answering<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof MongoError || isSocketError(error) ? unavailable(what, error) : error;
  }
}

/** The same for callers whose request may itself be refused: only a server that is away is the port's error. */
export async function answeringOrAway<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw isAway(error) ? unavailable(what, error) : error;
  }
}

const AWAY = [
  MongoNetworkError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
  MongoNotConnectedError,
  MongoClientClosedError,
  MongoWriteConcernError,
];
/** Not primary, shutting down, stepped down; and what says that a retry may do. */
const AWAY_CODES = new Set([6, 7, 50, 64, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);

function isAway(error: unknown): boolean {
  // a bulk write puts what ended it into an error of its own
  if (error instanceof MongoBulkWriteError && [error.writeErrors].flat().length === 0) return true;
  if (AWAY.some((type) => error instanceof type) || isSocketError(error)) return true;
  const name = (error as Error).name;
  return (
    AWAY_CODES.has(codeOf(error) ?? 0) ||
    name === 'MongoWaitQueueTimeoutError' ||
    name === 'MongooseServerSelectionError'
  );
}

/** A connection that ends while a message is written shows its error as it is: EPIPE, ECONNRESET. */
function isSocketError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^E[A-Z]+$/.test(String(error.code));
}

export function unavailable(what: string, cause: unknown): StoreUnavailableError {
  return new StoreUnavailableError(`${what}: ${(cause as Error).message}`, { cause });
}

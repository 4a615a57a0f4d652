import { BlobCorruptError, type BlobStore } from '@signalbox/ports';
import { Binary, type Collection } from 'mongodb';
import { hash as digest } from 'node:crypto';
import { answering, isDuplicateKey, MongoConnection, type MongoConnectionOptions } from '../connection.js';

interface BlobDocument {
  /** SHA-256 of the bytes, lower-case hex. */
  readonly _id: string;
  readonly size: number;
  /** Of a blob that fits into one document. */
  readonly bytes?: Binary;
}

interface ChunkDocument {
  /** `<sha256>/<number from 0, 6 digits>` */
  readonly _id: string;
  readonly bytes: Binary;
}

/** MongoDB takes documents up to 16 MiB. */
const CHUNK_BYTES = 8 * 1024 * 1024;

/**
 * Blobs as documents. What is larger than 8 MiB lies in chunks, all stored before the document that names the blob:
 * what that document names is whole.
 */
export class MongoBlobStore implements BlobStore {
  private constructor(
    private readonly connection: MongoConnection,
    private readonly blobs: Collection<BlobDocument>,
    private readonly chunks: Collection<ChunkDocument>,
  ) {}

  /**
   * @param options as for the log, but `socketTimeoutMs` is 5000 unless given
   * @throws StoreUnavailableError when no server answers
   */
  static async open(url: string, options: MongoConnectionOptions = {}): Promise<MongoBlobStore> {
    const connection = await MongoConnection.open(url, { maxPoolSize: 5, socketTimeoutMs: 5_000, ...options });
    return new MongoBlobStore(connection, connection.db.collection('blobs'), connection.db.collection('blob_chunks'));
  }

  async put(bytes: Uint8Array): Promise<string> {
    const copy = Buffer.from(bytes);
    const _id = digest('sha256', copy, 'hex');
    const size = copy.byteLength;
    return answering('the blob cannot be stored', async () => {
      if (await this.blobs.findOne({ _id }, { projection: { _id: 1 } })) return _id;
      if (size <= CHUNK_BYTES) await insert(this.blobs, { _id, size, bytes: new Binary(copy) });
      else {
        for (let at = 0; at < size; at += CHUNK_BYTES) {
          const chunk = copy.subarray(at, at + CHUNK_BYTES);
          await insert(this.chunks, { _id: chunkKey(_id, at / CHUNK_BYTES), bytes: new Binary(chunk) });
        }
        await insert(this.blobs, { _id, size });
      }
      return _id;
    });
  }

  async get(sha256: string): Promise<Uint8Array | undefined> {
    if (!/^[0-9a-f]{64}$/.test(sha256)) return undefined;
    const bytes = await answering('the blob cannot be read', async () => {
      const found = await this.blobs.findOne({ _id: sha256 });
      return found && (found.bytes ? bytesOf(found.bytes) : await this.chunksOf(found));
    });
    if (!bytes) return undefined;
    if (digest('sha256', bytes, 'hex') === sha256) return bytes;
    throw new BlobCorruptError(`the bytes of blob ${sha256} do not match its name`);
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  /** What is missing makes the hash wrong. */
  private async chunksOf({ _id, size }: BlobDocument): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let n = 0; n < Math.ceil(size / CHUNK_BYTES); n++) {
      const chunk = await this.chunks.findOne({ _id: chunkKey(_id, n) });
      if (chunk) parts.push(bytesOf(chunk.bytes));
    }
    return Buffer.concat(parts);
  }
}

/** The same name has the same bytes, so what is there already is as good. */
async function insert<T extends { readonly _id: string }>(collection: Collection<T>, document: T): Promise<void> {
  try {
    await collection.insertOne(document as Parameters<Collection<T>['insertOne']>[0]);
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}

const chunkKey = (sha256: string, number: number): string => `${sha256}/${String(number).padStart(6, '0')}`;

const bytesOf = ({ buffer, position }: Binary): Uint8Array => buffer.subarray(0, position);

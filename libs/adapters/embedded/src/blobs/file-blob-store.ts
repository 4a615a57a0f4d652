import { BlobCorruptError, type BlobStore } from '@signalbox/ports';
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isSha256, sha256 } from './sha256.js';

/** Blobs as files `<folder>/ab/abcdef…`. */
export class FileBlobStore implements BlobStore {
  private constructor(private readonly folder: string) {}

  /** @param folder made when it does not exist */
  static async open(folder: string): Promise<FileBlobStore> {
    await mkdir(folder, { recursive: true });
    return new FileBlobStore(folder);
  }

  async put(bytes: Uint8Array): Promise<string> {
    const hash = sha256(bytes);
    const path = this.path(hash);
    if (await isThere(path, bytes.byteLength)) return hash;
    await mkdir(dirname(path), { recursive: true });
    const temporary = `${path}.${randomUUID()}.tmp`;
    try {
      await writeDurably(temporary, bytes);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    return hash;
  }

  async get(hash: string): Promise<Uint8Array | undefined> {
    if (!isSha256(hash)) return undefined;
    let bytes: Uint8Array;
    try {
      bytes = await readFile(this.path(hash));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    if (sha256(bytes) !== hash) throw new BlobCorruptError(`the bytes of blob ${hash} do not match its name`);
    return bytes;
  }

  async close(): Promise<void> {}

  private path(hash: string): string {
    return join(this.folder, hash.slice(0, 2), hash);
  }
}

/** A blob of another size is damaged, and is written anew. */
async function isThere(path: string, bytes: number): Promise<boolean> {
  return stat(path).then(
    (found) => found.size === bytes,
    () => false,
  );
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

import type { BlobStore } from '@signalbox/ports';
import { sha256 } from './sha256.js';

/** Blobs in memory, for tests: gone when the process ends. */
export class MemoryBlobStore implements BlobStore {
  private readonly blobs = new Map<string, Uint8Array>();

  async put(bytes: Uint8Array): Promise<string> {
    const hash = sha256(bytes);
    if (!this.blobs.has(hash)) this.blobs.set(hash, new Uint8Array(bytes));
    return hash;
  }

  async get(hash: string): Promise<Uint8Array | undefined> {
    const bytes = this.blobs.get(hash);
    return bytes && new Uint8Array(bytes);
  }

  async close(): Promise<void> {
    this.blobs.clear();
  }
}

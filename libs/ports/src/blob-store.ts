/**
 * Large payloads, named by the SHA-256 of their bytes (lower-case hex).
 * Contract, proven by `blobStoreContract`: a blob that `put` resolved for is there after kill -9; putting it again changes nothing;
 * `get` verifies the hash and rejects with BlobCorruptError when the bytes do not match.
 */
export interface BlobStore {
  /** @returns the SHA-256 of `bytes` */
  put(bytes: Uint8Array): Promise<string>;
  get(sha256: string): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}

export class BlobCorruptError extends Error {
  override readonly name = 'BlobCorruptError';
}

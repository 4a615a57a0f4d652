import { isBlobRef } from '@signalbox/contracts';
import type { BlobStore } from '@signalbox/ports';
import { mayExceedBytes } from './json-size.js';
import { RUNTIME_LIMITS } from './limits.js';

export interface PayloadStoreOptions {
  /** Payloads whose JSON text has more bytes become blobs. Default 64 KiB. */
  readonly inlineBytes?: number;
  /** Payloads with more bytes of JSON text are refused. Default 64 MiB. */
  readonly maxBytes?: number;
}

export class PayloadTooLargeError extends Error {
  override readonly name = 'PayloadTooLargeError';
  constructor(bytes: number, max: number) {
    super(`payload of ${bytes} bytes; at most ${max} are allowed`);
  }
}

/** An event names a blob that the blob store does not have. */
export class BlobMissingError extends Error {
  override readonly name = 'BlobMissingError';
  constructor(readonly sha256: string) {
    super(`blob ${sha256} is missing`);
  }
}

/** Decides whether a JSON value stands in the event itself or in the blob store, and brings it back from either. */
export class PayloadStore {
  private readonly inlineBytes: number;
  private readonly maxBytes: number;

  constructor(
    private readonly blobs: BlobStore,
    options: PayloadStoreOptions = {},
  ) {
    this.inlineBytes = options.inlineBytes ?? RUNTIME_LIMITS.payload.inlineBytes;
    this.maxBytes = options.maxBytes ?? RUNTIME_LIMITS.payload.maxBytes;
  }

  /**
   * @param value a JSON value
   * @param jsonText its JSON text, when the caller has it already
   * @returns `value` itself, or a BlobRef once the blob store has it. A value that looks like a BlobRef always becomes a blob,
   *   so that nobody can make `load` read a blob by sending a reference as an argument.
   * @throws PayloadTooLargeError
   */
  async store(value: unknown, jsonText?: string): Promise<unknown> {
    const forged = isBlobRef(value);
    if (!forged) {
      // three bytes of UTF-8 per UTF-16 unit are the most there can be
      if (jsonText !== undefined && jsonText.length * 3 <= this.inlineBytes) return value;
      if (jsonText === undefined && !mayExceedBytes(value, this.inlineBytes)) return value;
    }
    const text = jsonText ?? JSON.stringify(value);
    const size = Buffer.byteLength(text);
    if (size <= this.inlineBytes && !forged) return value;
    if (size > this.maxBytes) throw new PayloadTooLargeError(size, this.maxBytes);
    const sha256 = await this.blobs.put(Buffer.from(text));
    return { $blob: { sha256, bytes: size } };
  }

  /**
   * @param value what `store` returned
   * @returns the JSON value
   * @throws BlobMissingError, BlobCorruptError
   */
  async load(value: unknown): Promise<unknown> {
    if (!isBlobRef(value)) return value;
    const bytes = await this.blobs.get(value.$blob.sha256);
    if (!bytes) throw new BlobMissingError(value.$blob.sha256);
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  }
}

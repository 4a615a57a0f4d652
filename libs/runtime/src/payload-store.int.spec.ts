import { MemoryBlobStore } from '@signalbox/adapter-embedded';
import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { BlobMissingError, PayloadStore, PayloadTooLargeError } from './payload-store.js';

let blobs: MemoryBlobStore;
let payloads: PayloadStore;
beforeEach(() => {
  blobs = new MemoryBlobStore();
  payloads = new PayloadStore(blobs, { inlineBytes: 100, maxBytes: 1000 });
});

/** A value whose JSON text has exactly `bytes` bytes. */
const sized = (bytes: number): string => 'x'.repeat(bytes - 2);

describe('PayloadStore', () => {
  it.each([null, 0, '', false, [], { a: [1] }, sized(100)])('leaves %j where it is', async (value) => {
    expect(await payloads.store(value)).toBe(value);
    expect(await payloads.store(value, JSON.stringify(value))).toBe(value);
    expect(await payloads.load(value)).toBe(value);
  });

  it('makes a blob of what is larger, named by its hash', async () => {
    const value = { text: sized(101) };
    const text = JSON.stringify(value);
    const sha256 = createHash('sha256').update(text).digest('hex');
    const reference = { $blob: { sha256, bytes: text.length } };
    expect(await payloads.store(value)).toEqual(reference);
    expect(await payloads.store(value, text)).toEqual(reference);
    expect(await payloads.load(reference)).toEqual(value);
  });

  it('counts bytes, not characters', async () => {
    const value = '€'.repeat(40);
    expect(await payloads.store(value)).toMatchObject({ $blob: { bytes: 122 } });
    expect(await payloads.store(value, JSON.stringify(value))).toMatchObject({ $blob: { bytes: 122 } });
    expect(await payloads.load(await payloads.store(value))).toBe(value);
  });

  it('is exact at the limit', async () => {
    expect(await payloads.store(sized(100))).toBe(sized(100));
    expect(await payloads.store(sized(101))).toMatchObject({ $blob: { bytes: 101 } });
  });

  it('does not read a blob because somebody sent a reference as an argument', async () => {
    const secret = await payloads.store({ secret: sized(200) });
    const stored = await payloads.store(secret);
    expect(stored).not.toEqual(secret);
    expect(await payloads.load(stored)).toEqual(secret);
  });

  it('refuses what is too large', async () => {
    await expect(payloads.store(sized(1001))).rejects.toThrow(PayloadTooLargeError);
    await expect(payloads.store(sized(1001))).rejects.toThrow('payload of 1001 bytes; at most 1000 are allowed');
  });

  it('names the blob that is missing', async () => {
    const sha256 = 'a'.repeat(64);
    await expect(payloads.load({ $blob: { sha256, bytes: 1 } })).rejects.toThrow(BlobMissingError);
  });

  it('has 64 KiB as default', async () => {
    const byDefault = new PayloadStore(blobs);
    expect(await byDefault.store(sized(65_536))).toBe(sized(65_536));
    expect(await byDefault.store(sized(65_537))).toHaveProperty('$blob');
  });
});

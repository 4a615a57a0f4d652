import type { BlobStore } from '@signalbox/ports';
import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

export interface BlobStoreHarness {
  /** A place for an empty store: a folder, a database's name. */
  newPlace(): Promise<string>;
  open(place: string): Promise<BlobStore>;
  removePlace?(place: string): Promise<void>;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The contract of {@link BlobStore} as tests. An adapter binds it in its own spec file. */
export function blobStoreContract(
  name: string,
  harness: BlobStoreHarness,
  capabilities: { persistent: boolean },
): void {
  describe(`${name} as a blob store`, () => {
    let place: string;
    let store: BlobStore;
    beforeEach(async () => {
      place = await harness.newPlace();
      store = await harness.open(place);
    });
    afterEach(async () => {
      await store.close();
      await harness.removePlace?.(place);
    });

    it.each([0, 1, 1000, 3_000_000])('keeps %i bytes under their SHA-256', async (size) => {
      const bytes = randomBytes(size);
      const name = await store.put(bytes);
      expect(name).toBe(sha256(bytes));
      expect(Buffer.from((await store.get(name))!).equals(bytes)).toBe(true);
    });

    it('has nothing under a name that was never put, and nothing under what is no name', async () => {
      expect(await store.get('0'.repeat(64))).toBeUndefined();
      expect(await store.get('../../../etc/passwd')).toBeUndefined();
      expect(await store.get('')).toBeUndefined();
    });

    it('takes the same bytes again, also from many at once', async () => {
      const bytes = randomBytes(10_000);
      const names = await Promise.all(Array.from({ length: 20 }, () => store.put(bytes)));
      expect(new Set(names)).toEqual(new Set([sha256(bytes)]));
      expect(Buffer.from((await store.get(names[0]!))!).equals(bytes)).toBe(true);
    });

    it('keeps what was put when the caller goes on using its buffer', async () => {
      const bytes = Buffer.from('before');
      const name = await store.put(bytes);
      bytes.write('after!');
      expect(Buffer.from((await store.get(name))!).toString()).toBe('before');
    });

    if (capabilities.persistent)
      it('finds what was put after it was closed and opened', async () => {
        const name = await store.put(Buffer.from('kept'));
        await store.close();
        store = await harness.open(place);
        expect(Buffer.from((await store.get(name))!).toString()).toBe('kept');
      });
  });
}

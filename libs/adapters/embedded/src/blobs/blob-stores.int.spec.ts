import { blobStoreContract, temporaryFolder } from '@signalbox/port-contracts';
import { BlobCorruptError } from '@signalbox/ports';
import { appendFile, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileBlobStore } from './file-blob-store.js';
import { MemoryBlobStore } from './memory-blob-store.js';

blobStoreContract(
  'FileBlobStore',
  { ...temporaryFolder, open: (place) => FileBlobStore.open(place) },
  { persistent: true },
);
blobStoreContract(
  'MemoryBlobStore',
  { newPlace: async () => '', open: async () => new MemoryBlobStore() },
  { persistent: false },
);

describe('FileBlobStore on a damaged disk', () => {
  let folder: string;
  let store: FileBlobStore;
  let name: string;
  let path: string;
  beforeEach(async () => {
    folder = await temporaryFolder.newPlace();
    store = await FileBlobStore.open(folder);
    name = await store.put(Buffer.from('important'));
    path = join(folder, name.slice(0, 2), name);
  });
  afterEach(() => temporaryFolder.removePlace(folder));

  it('refuses to hand out changed bytes', async () => {
    await writeFile(path, 'importent');
    await expect(store.get(name)).rejects.toThrow(BlobCorruptError);
  });

  it('repairs a blob of the wrong size when it is put again', async () => {
    await truncate(path, 3);
    await expect(store.get(name)).rejects.toThrow(BlobCorruptError);
    await store.put(Buffer.from('important'));
    expect(Buffer.from((await store.get(name))!).toString()).toBe('important');
  });

  it('leaves no temporary files behind', async () => {
    await appendFile(path, '!');
    await store.put(Buffer.from('important'));
    expect(await readdir(join(folder, name.slice(0, 2)))).toEqual([name]);
  });
});

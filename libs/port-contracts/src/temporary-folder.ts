import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Places for adapters that keep their data in a folder: one of their own for every test. */
export const temporaryFolder = {
  newPlace: (): Promise<string> => mkdtemp(join(tmpdir(), 'signalbox-')),
  removePlace: (place: string): Promise<void> => rm(place, { recursive: true, force: true }),
};

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const LOCK_FILE = 'signalbox.lock';
const HOLDER_FILE = 'signalbox.pid';
const SQLITE_BUSY = 5;

/** Another Signalbox works in this data folder. */
export class DataFolderInUseError extends Error {
  override readonly name = 'DataFolderInUseError';

  constructor(folder: string, holder: string) {
    super(
      `The data folder ${folder} is in use by another Signalbox${holder}. Stop that one, or set SIGNALBOX_DATA to another folder.`,
    );
  }
}

export interface DataFolder {
  release(): void;
}

/**
 * Makes this process the only one that works in a data folder, which is created if need be.
 * The lock is an exclusive SQLite transaction on a file of its own: the operating system frees it with the process,
 * however that ends, so there are no stale locks, and process ids that were given out again do not matter.
 * @throws DataFolderInUseError naming the process that holds it
 */
export function openDataFolder(folder: string): DataFolder {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new Error(`The data folder ${folder} cannot be created (SIGNALBOX_DATA): ${(error as Error).message}`, {
      cause: error,
    });
  }
  const lock = new DatabaseSync(join(folder, LOCK_FILE), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY)
      throw new DataFolderInUseError(folder, holderOf(folder));
    throw error;
  }
  writeFileSync(join(folder, HOLDER_FILE), `${process.pid}\n`);
  return {
    release() {
      if (lock.isOpen) lock.close();
    },
  };
}

function holderOf(folder: string): string {
  try {
    return ` (process ${readFileSync(join(folder, HOLDER_FILE), 'utf8').trim()})`;
  } catch {
    return '';
  }
}

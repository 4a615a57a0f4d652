import { systemClock, type BlobStore, type Clock, type PortSet } from '@signalbox/ports';
import { join } from 'node:path';
import { FileBlobStore } from './blobs/file-blob-store.js';
import { MemoryBlobStore } from './blobs/memory-blob-store.js';
import { InProcessBus, StoredDeadLetters } from './bus/index.js';
import { EmbeddedDirectory } from './directory/index.js';
import { SqliteEventStore } from './event-store/sqlite-event-store.js';
import { EmbeddedLeaderLock } from './leader-lock/embedded-leader-lock.js';
import { SqliteReadModels } from './read-models/index.js';
import { IdTelemetry } from './telemetry/id-telemetry.js';

export interface EmbeddedPortsOptions {
  /** Folder of the log, the read models and the blobs; `:memory:` keeps everything in memory, for tests. */
  readonly dataDir: string;
  /** Default 4 for a new log, what it was made with otherwise. */
  readonly entityPartitions?: number;
  /** See {@link SqliteEventStore}; default NORMAL. */
  readonly synchronous?: 'NORMAL' | 'FULL';
  readonly clock?: Clock;
  /** Hears of errors that no caller can be told of. */
  readonly onError?: (error: unknown, where: string) => void;
}

export type EmbeddedPorts = PortSet & { close(): Promise<void> };

/**
 * Every port of the embedded profile. `close` ends them in the order of their dependence.
 * @throws Error when the folder, or a file in it, cannot be used; nothing stays open then
 */
export async function createEmbeddedPorts(options: EmbeddedPortsOptions): Promise<EmbeddedPorts> {
  const { dataDir, entityPartitions, synchronous, clock = systemClock, onError } = options;
  const inMemory = dataDir === ':memory:';
  const file = (name: string): string => (inMemory ? ':memory:' : join(dataDir, name));
  const opened: { close(): Promise<void> }[] = [];
  const open = async <T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> => {
    const port = await opening;
    opened.unshift(port);
    return port;
  };
  const close = async (): Promise<void> => {
    for (const port of opened.splice(0)) await port.close();
  };
  try {
    const blobs = await open<BlobStore>(
      inMemory ? Promise.resolve(new MemoryBlobStore()) : FileBlobStore.open(join(dataDir, 'blobs')),
    );
    const readModels = await open(SqliteReadModels.open({ file: file('read-models.db') }));
    const events = await open(SqliteEventStore.open(file('events.db'), { entityPartitions, synchronous, clock }));
    const deadLetters = new StoredDeadLetters(readModels);
    const bus = await open(Promise.resolve(new InProcessBus({ clock, deadLetters, onError })));
    const directory = await open(EmbeddedDirectory.open(events, { clock, onError }));
    const leader = await open(Promise.resolve(new EmbeddedLeaderLock({ onError })));
    const telemetry = await open(Promise.resolve(new IdTelemetry()));
    return { events, bus, directory, readModels, blobs, leader, telemetry, clock, close };
  } catch (error) {
    await close();
    throw error;
  }
}

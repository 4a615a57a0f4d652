import { Worker } from 'node:worker_threads';

/** Written to the log between two checkpoints: about 4 MiB of pages. */
const BYTES_BETWEEN_CHECKPOINTS = 3 * 1024 * 1024;

const WORKER = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { DatabaseSync } = require('node:sqlite');
  const db = new DatabaseSync(workerData.path);
  db.exec('PRAGMA synchronous = ' + workerData.synchronous);
  parentPort.on('message', () => {
    try {
      db.exec('PRAGMA wal_checkpoint(PASSIVE)');
    } catch {}
    parentPort.postMessage('done');
  });
`;

/**
 * Moves what is in the write-ahead log into the database, on a thread of its own: a checkpoint waits for the disk
 * twice, and on the main thread everything would wait with it. What it leaves, SQLite's own checkpoint takes, at a
 * larger size of the write-ahead log (WAL_PAGES in schema.ts).
 */
export class Checkpointer {
  private worker: Worker | undefined;
  /** A checkpoint is under way, or there is no thread for it. */
  private busy = false;
  private bytes = 0;

  constructor(
    private readonly path: string,
    private readonly synchronous: 'NORMAL' | 'FULL',
  ) {}

  /** Tells how much was written; starts a checkpoint when it is enough. */
  written(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes < BYTES_BETWEEN_CHECKPOINTS || this.busy || this.path === ':memory:') return;
    this.bytes = 0;
    this.busy = true;
    try {
      this.worker ??= this.start();
      this.worker.postMessage('checkpoint');
    } catch {
      // no thread to be had: SQLite's own checkpoints do all the work
    }
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
  }

  private start(): Worker {
    const worker = new Worker(WORKER, {
      eval: true,
      workerData: { path: this.path, synchronous: this.synchronous },
      execArgv: [],
    });
    worker.unref();
    worker.on('message', () => (this.busy = false));
    worker.on('error', () => (this.busy = true));
    return worker;
  }
}

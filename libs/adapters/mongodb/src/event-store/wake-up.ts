import { Listeners } from '@signalbox/adapter-kit';
import type { ChangeStream, Collection } from 'mongodb';
import type { CommitDocument } from './commit-document.js';

/** How long a change stream that broke off is left alone. */
const WATCH_AGAIN_MS = 10_000;

/**
 * Tells listeners that commits were stored: by this process at once; by others when a poll finds it, or when the server's change stream says so. The poll always runs: a change stream is only faster.
 */
export class WakeUp {
  private readonly listeners = new Listeners();
  private timer: NodeJS.Timeout | undefined;
  private changes: ChangeStream<CommitDocument> | undefined;
  private watchAgainAt = 0;
  private polling = false;

  constructor(
    private readonly commits: Collection<CommitDocument>,
    /** Finds out whether others stored something, and calls {@link notify} then. */
    private readonly refresh: () => Promise<void>,
    private readonly options: { readonly pollMs: number; readonly changeStreams: boolean },
  ) {}

  add(listener: () => void): () => void {
    const remove = this.listeners.add(listener);
    this.start();
    return () => {
      remove();
      if (this.listeners.size === 0) this.stop();
    };
  }

  notify(): void {
    this.listeners.notify();
  }

  close(): void {
    this.listeners.clear();
    this.stop();
  }

  private start(): void {
    this.timer ??= setInterval(() => void this.poll(), this.options.pollMs).unref();
    this.watch();
  }

  private watch(): void {
    const wanted = this.options.changeStreams && this.listeners.size > 0 && performance.now() >= this.watchAgainAt;
    if (!wanted || this.changes) return;
    const changes = this.commits.watch([{ $match: { operationType: 'insert' } }, { $project: { _id: 1 } }]);
    this.changes = changes;
    changes.on('change', () => this.notify());
    changes.on('error', () => {
      void changes.close().catch(() => undefined);
      if (this.changes === changes) this.changes = undefined;
      this.watchAgainAt = performance.now() + WATCH_AGAIN_MS;
    });
  }

  private async poll(): Promise<void> {
    if (this.polling) return;
    this.polling = true;
    try {
      await this.refresh();
      this.watch();
    } catch {
      // the next read or append reports that the database is away
    } finally {
      this.polling = false;
    }
  }

  private stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    void this.changes?.close().catch(() => undefined);
    this.changes = undefined;
  }
}

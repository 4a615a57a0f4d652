import type { ServerResponse } from 'node:http';

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};
const GRACE_MS = 2_000;

export interface SseOptions {
  /** A comment goes out after so long without anything else. */
  readonly keepAliveMs: number;
  /** How long a reader may take nothing. */
  readonly stallMs: number;
}

/** One response as a stream of server-sent events (WHATWG HTML, 9.2) that waits for its reader instead of buffering for it. */
export class SseConnection {
  readonly #keepAlive: NodeJS.Timeout;
  readonly #closed = new AbortController();

  constructor(
    private readonly response: ServerResponse,
    private readonly options: SseOptions,
  ) {
    response.once('close', () => this.#finish());
    response.on('error', () => this.#finish());
    if (response.destroyed) this.#finish();
    else response.writeHead(200, HEADERS);
    response.write('retry: 1000\n\n');
    this.#keepAlive = setInterval(() => {
      if (!response.writableNeedDrain) response.write(': keep-alive\n\n');
    }, options.keepAliveMs);
    if (this.closed.aborted) clearInterval(this.#keepAlive);
  }

  /** Aborted when either side has ended it. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** @returns false when the reader has gone, or has taken nothing for `stallMs` */
  async write(text: string): Promise<boolean> {
    if (this.closed.aborted) return false;
    this.#keepAlive.refresh();
    return this.response.write(text) || this.#drained();
  }

  /** Says a last thing and closes; a reader that does not take it in time is cut off. */
  end(lastWords: string): void {
    if (this.closed.aborted) return;
    const cutOff = setTimeout(() => this.response.destroy(), GRACE_MS);
    this.response.once('close', () => clearTimeout(cutOff));
    this.response.end(lastWords);
    this.#finish();
  }

  #finish(): void {
    clearInterval(this.#keepAlive);
    this.#closed.abort();
  }

  #drained(): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (result: boolean) => {
        clearTimeout(timer);
        this.response.off('drain', onDrain);
        this.closed.removeEventListener('abort', onClosed);
        resolve(result);
      };
      const onDrain = () => settle(true);
      const onClosed = () => settle(false);
      const timer = setTimeout(() => settle(false), this.options.stallMs);
      this.response.once('drain', onDrain);
      this.closed.addEventListener('abort', onClosed, { once: true });
    });
  }
}

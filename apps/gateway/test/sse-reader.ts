import { SseParser } from '@signalbox/mcp';

export interface ReadEvent {
  readonly id: string | undefined;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into answers of every form
  readonly data: any;
}

/** Reads the events of a response one by one; events without data are kept, with `data` undefined. */
export class SseReader {
  readonly events: ReadEvent[] = [];
  retry: number | undefined;
  ended = false;
  readonly #wakers: (() => void)[] = [];
  readonly done: Promise<void>;

  constructor(response: Response) {
    const parser = new SseParser({
      onEvent: ({ id, data }) => {
        this.events.push({ id, data: data === '' ? undefined : JSON.parse(data) });
        this.#wake();
      },
      onRetry: (retry) => (this.retry = retry),
    });
    this.done = (async () => {
      try {
        for await (const chunk of response.body!) parser.feed(chunk);
      } catch {
        // the test closed it
      }
      this.ended = true;
      this.#wake();
    })();
  }

  /** The first event that matches, waiting for it if need be. */
  async find(matches: (event: ReadEvent) => boolean): Promise<ReadEvent> {
    for (;;) {
      const found = this.events.find(matches);
      if (found) return found;
      if (this.ended) throw new Error(`the stream ended; it had ${JSON.stringify(this.events)}`);
      await new Promise<void>((resolve) => this.#wakers.push(resolve));
    }
  }

  #wake(): void {
    for (const wake of this.#wakers.splice(0)) wake();
  }
}

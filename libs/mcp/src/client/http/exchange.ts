import type { Dispatcher } from 'undici';
import { SseParser } from '../../sse.js';
import { UpstreamProtocolError } from '../errors.js';

type Headers = Record<string, string | string[] | undefined>;

export interface ExchangeEvents {
  /** Headers are there. */
  onStart?(status: number, headers: Headers): void;
  /**
   * The data of one event of a stream.
   * @param type as the event says it
   */
  onEvent(data: string, type: string | undefined): void;
  /** A body that is not a stream, whole. */
  onBody(status: number, text: string): void;
  /** The stream or body is over; `error` when it broke off. Called once, last. */
  onEnd(exchange: Exchange, error: Error | undefined): void;
}

/** One HTTP exchange: reads the answer as JSON text or as an event stream, within a bound. */
export class Exchange implements Dispatcher.DispatchHandler {
  /** False as long as no byte of the request can have left. */
  sent = false;
  status = 0;
  /** Of an event stream: where to take it up again, and after how many milliseconds. */
  retryMs: number | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #aborted = false;
  #ended = false;
  #parser: SseParser | undefined;
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(
    private readonly events: ExchangeEvents,
    private readonly maxBytes: number,
  ) {}

  get isStream(): boolean {
    return this.#parser !== undefined;
  }

  get lastEventId(): string | undefined {
    return this.#parser?.lastEventId;
  }

  abort(): void {
    this.#aborted = true;
    this.#controller?.abort(ABORTED);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted) return controller.abort(ABORTED);
    this.sent = true;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    this.status = status;
    this.events.onStart?.(status, headers);
    const type = headers['content-type'];
    if (typeof type !== 'string' || !type.startsWith('text/event-stream')) return;
    this.#parser = new SseParser({
      onEvent: (event) => {
        if (event.data !== '') this.events.onEvent(event.data, event.event);
      },
      onRetry: (milliseconds) => (this.retryMs = milliseconds),
      onOverflow: () => this.#tooLarge(),
      maxCharacters: this.maxBytes,
    });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#parser) return this.#parser.feed(chunk);
    this.#size += chunk.length;
    if (this.#size > this.maxBytes) return this.#tooLarge();
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (!this.#parser) this.events.onBody(this.status, this.#text());
    this.#end(undefined);
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.#end(error);
  }

  #text(): string {
    const [first] = this.#chunks;
    if (first === undefined) return '';
    return (this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks, this.#size)).toString('utf8');
  }

  #tooLarge(): void {
    this.#chunks = [];
    const error = new UpstreamProtocolError(`the server's answer is larger than ${this.maxBytes} bytes`);
    this.#controller?.abort(error);
    this.#end(error);
  }

  #end(error: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.events.onEnd(this, error);
  }
}

const ABORTED = new Error('given up');

import type { ServerResponse } from 'node:http';
import { formatSse } from '../sse.js';
import { STREAM_HEADERS } from './stream-headers.js';

export interface AnswerStreamOptions {
  /** Bytes that may wait for a slow client; a connection with more is dropped. */
  readonly maxQueuedBytes: number;
  /** The streams that are open, for keep-alive. */
  readonly open: Set<AnswerStream>;
}

/** An answer as server-sent events that live as long as their connection: MCP 2026-07-28 knows no resuming. */
export class AnswerStream {
  #ended = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly options: AnswerStreamOptions,
  ) {
    response.writeHead(200, STREAM_HEADERS).flushHeaders();
    options.open.add(this);
    response.once('close', () => {
      this.#ended = true;
      options.open.delete(this);
    });
  }

  /** Sends one JSON-RPC message, given as its text. */
  send(data: string): void {
    this.#write(formatSse({ data }));
  }

  keepAlive(): void {
    this.#write(': keep-alive\n\n');
  }

  /** Sends the last message, if there is one, and closes the connection. */
  end(data?: string): void {
    if (data !== undefined) this.send(data);
    if (this.#ended) return;
    this.#ended = true;
    this.options.open.delete(this);
    this.response.end();
  }

  #write(text: string): void {
    if (this.#ended) return;
    // before writing: one message may be larger than all that may wait
    if (this.response.writableLength > this.options.maxQueuedBytes) this.response.destroy();
    else this.response.write(text);
  }
}

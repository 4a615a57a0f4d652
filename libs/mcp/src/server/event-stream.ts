import type { ServerResponse } from 'node:http';
import { formatSse } from '../sse.js';
import type { EventBuffer } from './event-buffer.js';
import { STREAM_HEADERS } from './stream-headers.js';

export interface EventStreamOptions {
  readonly buffer: EventBuffer;
  /** Sent first, as the `retry` of an event without data that gives the client an id to come back with; absent before 2025-11-25. */
  readonly primingRetryMs?: number | undefined;
  /** Bytes that may wait for a slow client; a connection with more is dropped, and may be resumed. */
  readonly maxQueuedBytes: number;
  /** The streams that have a connection, for keep-alive. */
  readonly attached: Set<EventStream>;
  /** See {@link EventStream.send}; what holds before the first event. */
  readonly mark?: string | undefined;
}

/** Mark of the last event of a stream. */
export const END_MARK = 'end';

/**
 * A stream of server-sent events to one client, which outlives the connections that carry it: whatever is sent while there
 * is none waits in the buffer. Event ids are `<key>.<seq>`, or `<key>.<seq>.<mark>`.
 */
export class EventStream {
  #response: ServerResponse | undefined;
  #seq = 0;
  /** The newest event that a connection was given. */
  #written = 0;
  #ended = false;
  #mark: string | undefined;

  constructor(
    /** Unique in its session; without a dot. */
    readonly key: string,
    private readonly options: EventStreamOptions,
  ) {
    this.#mark = options.mark;
  }

  get connected(): boolean {
    return this.#response !== undefined;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Begins the answer on this connection. What was sent before is not sent again: see {@link resume}. */
  open(response: ServerResponse): void {
    response.writeHead(200, STREAM_HEADERS);
    const { primingRetryMs } = this.options;
    if (primingRetryMs === undefined) response.flushHeaders();
    else response.write(this.#priming(this.#seq, primingRetryMs));
    this.#written = this.#seq;
    this.#attach(response);
  }

  /** Begins the answer with what was sent while there was no connection, as far as it is still there. */
  async openWithMissed(response: ServerResponse): Promise<void> {
    const missed = await this.options.buffer.after(this.key, this.#written);
    if (missed === undefined || missed.length === 0) return this.open(response);
    const { primingRetryMs } = this.options;
    response.writeHead(200, STREAM_HEADERS);
    if (primingRetryMs !== undefined) response.write(this.#priming(this.#written, primingRetryMs));
    await this.resume(response, this.#written);
  }

  /**
   * Continues on another connection behind event `seq`.
   * @returns false, with nothing written, when events behind it are no longer there
   */
  async resume(response: ServerResponse, seq: number): Promise<boolean> {
    let last = seq;
    do {
      const events = await this.options.buffer.after(this.key, last);
      if (!events) {
        if (response.headersSent) response.destroy();
        return response.headersSent;
      }
      if (!response.headersSent) response.writeHead(200, STREAM_HEADERS).flushHeaders();
      for (const { seq: number, data, mark } of events)
        response.write(formatSse({ id: this.#idOf(number, mark), data }));
      last = events.at(-1)?.seq ?? this.#seq;
    } while (last < this.#seq);
    this.#written = Math.max(this.#written, last);
    if (this.#ended) response.end();
    else this.#attach(response);
    return true;
  }

  /**
   * Sends one message; never blocks, and needs no connection.
   * @param mark goes into the id of this event and those that follow it, for whoever has to go on without the buffer;
   *   without white space
   */
  send(data: string, mark = this.#mark): void {
    if (this.#ended) return;
    const seq = ++this.#seq;
    this.#mark = mark;
    this.options.buffer.append(this.key, { seq, data, mark });
    if (!this.#response) return;
    this.#written = seq;
    this.#write(formatSse({ id: this.#idOf(seq, mark), data }));
  }

  /** Sends the last message, if there is one, and closes the connection. The buffer keeps what was sent. */
  end(data?: string): void {
    if (data !== undefined) this.send(data, END_MARK);
    this.#ended = true;
    const response = this.#response;
    this.#detach();
    response?.end();
  }

  keepAlive(): void {
    this.comment('keep-alive');
  }

  /** Writes a line that clients skip, for people who look at the wire. */
  comment(text: string): void {
    this.#write(`: ${text}\n\n`);
  }

  #idOf(seq: number, mark: string | undefined): string {
    return mark === undefined ? `${this.key}.${seq}` : `${this.key}.${seq}.${mark}`;
  }

  #priming(seq: number, retry: number): string {
    return formatSse({ id: this.#idOf(seq, this.#mark), retry, data: '' });
  }

  #attach(response: ServerResponse): void {
    const previous = this.#response;
    this.#response = response;
    this.options.attached.add(this);
    previous?.end();
    response.on('close', () => {
      if (this.#response === response) this.#detach();
    });
  }

  #write(text: string): void {
    const response = this.#response;
    if (!response) return;
    // before writing: one message may be larger than all that may wait
    if (response.writableLength > this.options.maxQueuedBytes) response.destroy();
    else response.write(text);
  }

  #detach(): void {
    this.#response = undefined;
    this.options.attached.delete(this);
  }
}

/** Answers with a stream that has nothing but a comment in it. */
export function endWithComment(response: ServerResponse, text: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(200, STREAM_HEADERS).end(`: ${text}\n\n`);
}

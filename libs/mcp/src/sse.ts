import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** One event of a `text/event-stream` (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export interface SseEvent {
  readonly event?: string | undefined;
  readonly id?: string | undefined;
  /** Milliseconds after which a reader is to come back. */
  readonly retry?: number | undefined;
  readonly data: string;
}

/** The text of one event, its closing blank line included. Line breaks in `event` and `id` are removed: they would end the field. */
export function formatSse(event: SseEvent): string {
  let text = '';
  if (event.event !== undefined) text += `event: ${oneLine(event.event)}\n`;
  if (event.id !== undefined) text += `id: ${oneLine(event.id)}\n`;
  if (event.retry !== undefined) text += `retry: ${Math.round(event.retry)}\n`;
  text += /[\r\n]/.test(event.data)
    ? event.data
        .split(/\r\n|\r|\n/)
        .map((line) => `data: ${line}`)
        .join('\n')
    : `data: ${event.data}`;
  return `${text}\n\n`;
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]/g, '');
}

export interface SseParserOptions {
  onEvent(event: EventSourceMessage): void;
  /** The stream asks its reader to wait so many milliseconds before it comes back. */
  onRetry?(milliseconds: number): void;
  /** The stream broke the bound of {@link maxCharacters}; nothing more comes of it. */
  onOverflow?(): void;
  /** Most characters of one event; default 32 Mi. */
  maxCharacters?: number;
}

/** Reads a `text/event-stream` as it arrives, whatever the chunks' borders. */
export class SseParser {
  readonly #parser;
  readonly #decoder = new TextDecoder();
  #lastEventId: string | undefined;
  #overflown = false;

  constructor(options: SseParserOptions) {
    this.#parser = createParser({
      maxBufferSize: options.maxCharacters ?? 32 * 1024 * 1024,
      onEvent: options.onEvent,
      onId: (id) => {
        this.#lastEventId = id;
      },
      ...(options.onRetry ? { onRetry: options.onRetry } : {}),
      onError: (error) => {
        if (error.type !== 'max-buffer-size-exceeded') return;
        this.#overflown = true;
        options.onOverflow?.();
      },
    });
  }

  /** The newest event id seen, also of an event without data; for `Last-Event-ID`. */
  get lastEventId(): string | undefined {
    return this.#lastEventId;
  }

  feed(chunk: Uint8Array | string): void {
    if (this.#overflown) return;
    this.#parser.feed(typeof chunk === 'string' ? chunk : this.#decoder.decode(chunk, { stream: true }));
  }
}

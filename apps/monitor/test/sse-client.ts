import { createParser } from 'eventsource-parser';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';

export interface ReceivedEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string;
}

/** A plain reader of server-sent events that a test can cut off at any moment. */
export class SseClient {
  readonly events: ReceivedEvent[] = [];
  readonly comments: string[] = [];
  readonly closed: Promise<void>;
  readonly #request: ClientRequest;
  #response: IncomingMessage | undefined;

  private constructor(url: string, headers: Record<string, string>, opened: (response: IncomingMessage) => void) {
    const parser = createParser({
      onEvent: ({ id, event, data }) => this.events.push({ id, event, data }),
      onComment: (comment) => this.comments.push(comment),
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#request = request(url, { headers, agent: false }, (response) => {
      this.#response = response;
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => parser.feed(chunk));
      response.on('error', () => undefined);
      response.on('close', resolve);
      opened(response);
    });
    this.#request.on('error', () => resolve());
    this.#request.end();
  }

  /** @throws Error with the status and the body when it is not 200 */
  static async open(url: string, headers: Record<string, string> = {}): Promise<SseClient> {
    const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
    const client = new SseClient(url, headers, resolve);
    const response = await Promise.race([promise, client.closed.then(() => undefined)]);
    if (response?.statusCode === 200) return client;
    await client.closed;
    throw new Error(`the stream was answered ${response?.statusCode}`);
  }

  /** The id of the last event that came. */
  get lastId(): string | undefined {
    return this.events.at(-1)?.id;
  }

  /** Reads nothing any more, so that the sender has to wait. */
  stall(): void {
    this.#response?.pause();
  }

  resume(): void {
    this.#response?.resume();
  }

  async cut(): Promise<void> {
    this.#request.destroy();
    await this.closed;
  }
}

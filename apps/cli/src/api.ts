import type { ServiceName } from '@signalbox/contracts';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { request, type Dispatcher } from 'undici';
import { problemError, unreachable } from './api-errors.js';
import type { ServiceUrls } from './services.js';

type Query = Readonly<Record<string, string | number | undefined>>;

export interface ApiOptions {
  readonly urls: ServiceUrls;
  /** For the gateway. */
  readonly token?: string | undefined;
  /** Milliseconds until the answer begins, and between two parts of it. */
  readonly timeoutMs: number;
}

export interface Wanted {
  readonly query?: Query;
  readonly body?: unknown;
  readonly timeoutMs?: number;
}

/** The REST interfaces of the services. What they refuse, and silence, become errors that say what to do. */
export class Api {
  constructor(private readonly options: ApiOptions) {}

  get urls(): ServiceUrls {
    return this.options.urls;
  }

  get<T>(service: ServiceName, path: string, query?: Query): Promise<T> {
    return this.send('GET', service, path, { query });
  }

  /** @returns the answer's JSON @throws CliError */
  async send<T>(method: Dispatcher.HttpMethod, service: ServiceName, path: string, wanted: Wanted = {}): Promise<T> {
    return this.sendTo<T>(method, this.urls[service], service, path, wanted);
  }

  /** To an instance of a service that is somewhere else. */
  async sendTo<T>(
    method: Dispatcher.HttpMethod,
    origin: string,
    service: ServiceName,
    path: string,
    { query, body, timeoutMs = this.options.timeoutMs }: Wanted = {},
  ): Promise<T> {
    const answer = await this.#request(origin, service, path, {
      method,
      query: given(query),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      headers: { ...this.#headers(service), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.body.text().catch((error: Error) => {
      throw unreachable(service, origin, error);
    });
    const value = parsed(text);
    if (answer.statusCode >= 400 || value === undefined) throw problemError(service, answer.statusCode, value, text);
    return value as T;
  }

  /** Server-sent events, until the service ends the stream or `signal` aborts. Resolves when the stream is open. */
  async stream(
    service: ServiceName,
    path: string,
    query: Query,
    signal?: AbortSignal,
  ): Promise<AsyncIterable<EventSourceMessage>> {
    const origin = this.urls[service];
    const answer = await this.#request(origin, service, path, {
      method: 'GET',
      query: given(query),
      headersTimeout: this.options.timeoutMs,
      // it may be silent for as long as nothing happens
      bodyTimeout: 0,
      headers: { ...this.#headers(service), accept: 'text/event-stream' },
      signal: signal ?? null,
    });
    if (answer.statusCode >= 400) {
      const text = await answer.body.text();
      throw problemError(service, answer.statusCode, parsed(text), text);
    }
    return messagesOf(answer.body, (error) => {
      if (!signal?.aborted) throw unreachable(service, origin, error);
    });
  }

  #headers(service: ServiceName): Record<string, string> {
    const { token } = this.options;
    return token !== undefined && service === 'gateway' ? { authorization: `Bearer ${token}` } : {};
  }

  async #request(
    origin: string,
    service: ServiceName,
    path: string,
    options: Omit<Dispatcher.RequestOptions, 'origin' | 'path'>,
  ): Promise<Dispatcher.ResponseData> {
    try {
      return await request(`${origin}${path}`, options);
    } catch (error) {
      throw unreachable(service, origin, error as Error);
    }
  }
}

async function* messagesOf(
  body: AsyncIterable<Buffer>,
  failed: (error: Error) => void,
): AsyncGenerator<EventSourceMessage> {
  const found: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => found.push(message) });
  const decoder = new TextDecoder();
  try {
    for await (const chunk of body) {
      parser.feed(decoder.decode(chunk, { stream: true }));
      yield* found.splice(0);
    }
  } catch (error) {
    failed(error as Error);
  }
}

function given(query: Query | undefined): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(query ?? {}).filter((entry): entry is [string, string | number] => entry[1] !== undefined),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

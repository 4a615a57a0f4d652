import type { HttpTarget } from '@signalbox/contracts';
import { Authorized } from './authorized.js';
import type { Authorizer } from './authorizer.js';
import type { Exchange } from './exchange.js';
import type { DispatchOptions } from './link.js';
import { HttpSockets } from './sockets.js';

/** The URL of a server, with the headers that go with every request to it. */
export class HttpEndpoint {
  readonly url: URL;
  readonly #path: string;
  readonly #sockets: HttpSockets;
  readonly #headers: string[];

  constructor(
    target: HttpTarget,
    maxSockets: number,
    private readonly authorizer: Authorizer | undefined,
  ) {
    this.url = new URL(target.url);
    this.#path = this.url.pathname + this.url.search;
    this.#headers = ['content-type', 'application/json', 'accept', 'application/json, text/event-stream'];
    if (this.url.username !== '') this.#headers.push('authorization', basicAuthorization(this.url));
    for (const [name, value] of Object.entries(target.headers)) {
      // the authorizer's tokens go before: two values of one header would be refused
      if (!(authorizer && name.toLowerCase() === 'authorization')) this.#headers.push(name.toLowerCase(), value);
    }
    this.#sockets = HttpSockets.of(this.url, maxSockets);
  }

  /** Adds a header to all further requests. */
  always(name: string, value: string): void {
    this.#headers.push(name, value);
  }

  /** Hands one exchange to the sockets. */
  dispatch(exchange: Exchange, options: DispatchOptions): void {
    const { method = 'POST', path = this.#path, body, headers, lastEventId, side = false } = options;
    let all = this.#headers;
    if (headers || lastEventId !== undefined) {
      all = all.slice();
      for (const name in headers) all.push(name, headers[name]!);
      if (lastEventId !== undefined) all.push('last-event-id', lastEventId);
    }
    const pool = side ? this.#sockets.streams : this.#sockets.requests;
    try {
      if (!this.authorizer) {
        pool.dispatch({ path, method, headers: all, body: body ?? null }, exchange);
        return;
      }
      new Authorized(exchange, this.authorizer, (handler, authorization) => {
        const sent = authorization === undefined ? all : [...all, 'authorization', authorization];
        pool.dispatch({ path, method, headers: sent, body: body ?? null }, handler);
      }).send();
    } catch (error) {
      exchange.onResponseError(null, error as Error);
    }
  }

  release(): Promise<void> {
    return this.#sockets.release();
  }
}

function basicAuthorization(url: URL): string {
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

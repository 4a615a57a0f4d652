import { Pool } from 'undici';

interface Shared {
  readonly sockets: HttpSockets;
  users: number;
}
const shared = new Map<string, Shared>();

/**
 * The sockets to one server, shared by all sessions with it. Streams and notifications do not compete with requests for
 * sockets: the answer to a sampling request must get through while every request waits for one.
 */
export class HttpSockets {
  readonly requests: Pool;
  readonly streams: Pool;

  constructor(
    private readonly key: string,
    origin: string,
    maxSockets: number,
  ) {
    const connect = { timeout: 10_000 };
    // the deadline of a request is watched by its owner, in one place for all
    const timeouts = { headersTimeout: 0, bodyTimeout: 0 };
    this.requests = new Pool(origin, { connections: maxSockets, connect, ...timeouts });
    this.streams = new Pool(origin, { connect, ...timeouts });
  }

  static of(url: URL, maxSockets: number): HttpSockets {
    const key = `${maxSockets} ${url.href}`;
    let entry = shared.get(key);
    if (!entry) {
      entry = { sockets: new HttpSockets(key, url.origin, maxSockets), users: 0 };
      shared.set(key, entry);
    }
    entry.users++;
    return entry.sockets;
  }

  /** To be called once by each who asked for it; the last one closes the sockets. */
  async release(): Promise<void> {
    const entry = shared.get(this.key);
    if (!entry || --entry.users > 0) return;
    shared.delete(this.key);
    await Promise.allSettled([this.requests.destroy(), this.streams.destroy()]);
  }
}

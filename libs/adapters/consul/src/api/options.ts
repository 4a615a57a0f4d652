/** Where Consul is, and how long it may take. */
export interface ConsulOptions {
  /** Of an agent's HTTP API: `http://127.0.0.1:8500`. */
  readonly url: string;
  readonly token?: string;
  readonly datacenter?: string;
  /** Milliseconds for the answer to a request; default 5000. */
  readonly requestTimeoutMs?: number;
  /** Milliseconds that a blocking query waits for a change; default 55 000, Consul allows 600 000. */
  readonly waitMs?: number;
  /** Milliseconds between tries while Consul is away, growing up to the most with jitter; default 250. */
  readonly backoffMs?: number;
  /** Default 15 000. */
  readonly maxBackoffMs?: number;
  /** Hears of errors that no caller can be told of. */
  readonly onError?: (error: unknown, where: string) => void;
}

export type ResolvedConsulOptions = Required<Omit<ConsulOptions, 'token' | 'datacenter'>> &
  Pick<ConsulOptions, 'token' | 'datacenter'>;

/** @throws RangeError for a URL that is not one of HTTP */
export function resolveConsulOptions(options: ConsulOptions): ResolvedConsulOptions {
  const protocol = URL.parse(options.url)?.protocol;
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new RangeError(`"${options.url}" is not the URL of a Consul agent; http://host:port or https:// is allowed`);
  }
  return {
    ...options,
    requestTimeoutMs: options.requestTimeoutMs ?? 5_000,
    waitMs: options.waitMs ?? 55_000,
    backoffMs: options.backoffMs ?? 250,
    maxBackoffMs: options.maxBackoffMs ?? 15_000,
    onError: options.onError ?? (() => undefined),
  };
}

import type { IncomingHttpHeaders } from 'node:http';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const REMEMBERED = 1_000;

export interface OriginGuardOptions {
  /** Values of `Host` that are served beside the loopback names: a host name for any port, or `name:port`. */
  readonly allowedHosts?: readonly string[];
  /** Origins of web pages that may call, beside those on loopback names: `https://app.example.com`. */
  readonly allowedOrigins?: readonly string[];
}

/**
 * Protects a local server from web pages: with DNS rebinding a page's own host name leads to 127.0.0.1, so a request must
 * name a host that is meant to be here, and must not come from a page that is not.
 */
export class OriginGuard {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  readonly #hostVerdicts = new Map<string, boolean>();
  readonly #originVerdicts = new Map<string, boolean>();

  constructor(options: OriginGuardOptions = {}) {
    this.#hosts = new Set([...LOOPBACK, ...(options.allowedHosts ?? [])].map((host) => host.toLowerCase()));
    this.#origins = new Set((options.allowedOrigins ?? []).map((origin) => origin.toLowerCase().replace(/\/$/, '')));
  }

  /** @returns why the request is refused, or undefined */
  check(headers: IncomingHttpHeaders): string | undefined {
    const { host, origin } = headers;
    if (host === undefined || !remembered(this.#hostVerdicts, host, () => this.#hostAllowed(host))) {
      return `host ${quoted(host)} is not served here: see gateway.http.allowedHosts`;
    }
    if (origin !== undefined && !remembered(this.#originVerdicts, origin, () => this.#originAllowed(origin))) {
      return `origin ${quoted(origin)} is not allowed: see gateway.http.allowedOrigins`;
    }
    return undefined;
  }

  #hostAllowed(host: string): boolean {
    const lower = host.toLowerCase();
    return this.#hosts.has(lower) || this.#hosts.has(lower.replace(/:\d{1,5}$/, ''));
  }

  #originAllowed(origin: string): boolean {
    const lower = origin.toLowerCase();
    if (this.#origins.has(lower)) return true;
    if (!URL.canParse(lower)) return false;
    const { protocol, hostname } = new URL(lower);
    return (protocol === 'http:' || protocol === 'https:') && LOOPBACK.includes(hostname);
  }
}

function remembered(verdicts: Map<string, boolean>, key: string, decide: () => boolean): boolean {
  const known = verdicts.get(key);
  if (known !== undefined) return known;
  const verdict = decide();
  if (verdicts.size >= REMEMBERED) verdicts.clear();
  verdicts.set(key, verdict);
  return verdict;
}

function quoted(value: string | undefined): string {
  return value === undefined ? '(none)' : JSON.stringify(value.slice(0, 200));
}

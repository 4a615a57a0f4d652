import { lookup as resolveHost, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** An address, or a host that resolves to one, to which this server does not connect. */
export class RefusedAddressError extends Error {
  override readonly name = 'RefusedAddressError';

  constructor(host: string, address: string, range: string) {
    const what = host === address ? address : `${host} (${address})`;
    super(`Refused: ${what} is no public address but ${range}. Only public addresses may be fetched.`);
  }
}

/**
 * The special range an address belongs to (RFC 6890 and its successors), or undefined for a public one. An IPv6 address
 * that carries an IPv4 one (mapped, NAT64, 6to4, Teredo) counts as special, whatever it carries.
 */
export function specialRange(address: string): string | undefined {
  const range = ipaddr.parse(address).range();
  return range === 'unicast' ? undefined : range;
}

/** Refuses a host that is written as an address and not public. Host names are checked when they are resolved. */
export function checkLiteral(hostname: string): void {
  const address = hostname.replace(/^\[|\]$/g, '');
  if (isIP(address) === 0) return;
  const range = specialRange(address);
  if (range !== undefined) throw new RefusedAddressError(address, address, range);
}

/**
 * Resolves a host name for a connection that is about to be made, and refuses it when any of its addresses is not public.
 * The connection goes to the addresses checked here, so an answer that changes between check and use has no effect.
 */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  resolveHost(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error) return callback(error, '', 0);
    for (const { address } of addresses) {
      const range = specialRange(address);
      if (range !== undefined) return callback(new RefusedAddressError(hostname, address, range), '', 0);
    }
    const [first] = addresses;
    if (first === undefined) return callback(new Error(`${hostname} has no address`), '', 0);
    if (options.all === true) return callback(null, addresses);
    return callback(null, first.address, first.family);
  });
};

/** `host:port` pairs that an operator lets through although they are not public. */
export class AllowList {
  private readonly pairs: ReadonlySet<string>;

  /** @param text comma-separated, as in `127.0.0.1:8080,intranet.example:443`. @throws Error naming a part that is none */
  constructor(text: string) {
    const parts = text
      .split(',')
      .map((part) => part.trim().toLowerCase())
      .filter(Boolean);
    for (const part of parts) {
      if (!/^(\[[0-9a-f:.]+\]|[^:\s/]+):\d{1,5}$/.test(part)) {
        throw new Error(`SIGNALBOX_FETCH_ALLOW: "${part}" is no host:port, such as 127.0.0.1:8080 or [::1]:8080`);
      }
    }
    this.pairs = new Set(parts);
  }

  has(url: URL): boolean {
    const port = url.port || (url.protocol === 'https:' ? '443' : '80');
    return this.pairs.has(`${url.hostname}:${port}`);
  }
}

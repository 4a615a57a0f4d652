import type { FoundServer } from '@signalbox/domain/discovery';
import { Resolver } from 'node:dns/promises';
import { HOST, type DiscoveryConfig } from '../discovery-config.js';
import type { DiscoverySource, Findings } from '../source.js';

/** What says that there are no such records, and not that nobody could be asked. */
const NONE = new Set(['ENODATA', 'ENOTFOUND']);
const TRIES = 2;

type DnsConfig = DiscoveryConfig['dns'][number];

/** The SRV records (RFC 2782) or addresses of a name. */
export class DnsSource implements DiscoverySource {
  readonly kind = 'dns';
  readonly name: string;
  readonly where: string;
  readonly #config: DnsConfig;

  constructor(config: DnsConfig) {
    this.name = config.name;
    this.where = `${config.type} ${config.query}`;
    this.#config = config;
  }

  async find(signal: AbortSignal): Promise<Findings> {
    const { resolvers } = this.#config;
    const resolver = new Resolver({ timeout: 2_000, tries: TRIES });
    if (resolvers.length > 0) resolver.setServers(resolvers);
    const cancel = (): void => resolver.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const found = this.#config.type === 'SRV' ? await this.#services(resolver) : await this.#addresses(resolver);
      const problems = found.filter(({ host }) => !HOST.test(host)).map(({ host }) => `${host} is no host name`);
      return {
        found: found.filter(({ host }) => HOST.test(host)).map((at) => this.#server(at)),
        problems,
        isPartial: false,
      };
    } catch (error) {
      signal.throwIfAborted();
      throw new Error(`${this.where}: ${(error as Error).message}`, { cause: error });
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  async #services(resolver: Resolver): Promise<Location[]> {
    const records = await orNone(resolver.resolveSrv(this.#config.query));
    records.sort((a, b) => a.priority - b.priority || b.weight - a.weight || (a.name < b.name ? -1 : 1));
    // a target of "." says that the service is decidedly not there
    return records
      .filter(({ name }) => name !== '' && name !== '.')
      .map(({ name, port }) => ({ host: name.replace(/\.$/, ''), port, label: name.split('.')[0]! }));
  }

  async #addresses(resolver: Resolver): Promise<Location[]> {
    const { query, port } = this.#config;
    const addresses = await orNone(resolver.resolve4(query));
    return addresses.sort().map((host) => ({ host, port, label: query.split('.')[0]! }));
  }

  #server({ host, port, label }: Location): FoundServer {
    const { protocol, path } = this.#config;
    return { name: label, entry: { url: `${protocol}://${host}:${port}${path}` } };
  }
}

interface Location {
  readonly host: string;
  readonly port: number;
  readonly label: string;
}

async function orNone<T>(records: Promise<T[]>): Promise<T[]> {
  try {
    return await records;
  } catch (error) {
    if (NONE.has(String((error as { code?: string }).code))) return [];
    throw error;
  }
}

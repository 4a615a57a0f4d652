import { Resolver } from 'node:dns/promises';
import { HOST, type DiscoveryConfig } from '../discovery-config.js';
import { apart, grouped, type FoundInstance } from '../grouped.js';
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
      const instances = found.filter(({ host }) => HOST.test(host)).map((at) => this.#instance(at));
      if (this.#config.group === 'instance') return { found: apart(instances), problems, isPartial: false };
      const service = grouped(instances);
      return { found: service.found, problems: [...problems, ...service.problems], isPartial: false };
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
    const { group, query } = this.#config;
    // a target of "." says that the service is decidedly not there
    const there = records.filter(({ name }) => name !== '' && name !== '.');
    // RFC 2782: the others stand in for those with the least priority, when these are away
    const taken = group === 'instance' ? there : there.filter(({ priority }) => priority === there[0]!.priority);
    return taken.map(({ name, port, weight }) => ({
      host: name.replace(/\.$/, ''),
      port,
      label:
        group === 'instance'
          ? name.split('.')[0]!
          : (query.split('.').find((label) => !label.startsWith('_')) ?? query),
      weight,
    }));
  }

  async #addresses(resolver: Resolver): Promise<Location[]> {
    const { query, port } = this.#config;
    const addresses = await orNone(resolver.resolve4(query));
    return addresses.sort().map((host) => ({ host, port, label: query.split('.')[0]! }));
  }

  #instance({ host, port, label, weight }: Location): FoundInstance {
    const { protocol, path, query } = this.#config;
    return { name: label, service: query, url: `${protocol}://${host}:${port}${path}`, weight };
  }
}

interface Location {
  readonly host: string;
  readonly port: number;
  readonly label: string;
  readonly weight?: number;
}

async function orNone<T>(records: Promise<T[]>): Promise<T[]> {
  try {
    return await records;
  } catch (error) {
    if (NONE.has(String((error as { code?: string }).code))) return [];
    throw error;
  }
}

import { request } from 'undici';
import * as z from 'zod';
import { HOST, type DiscoveryConfig } from '../discovery-config.js';
import { apart, grouped, type FoundInstance } from '../grouped.js';
import type { DiscoverySource, Findings } from '../source.js';

type ConsulConfig = DiscoveryConfig['consul'][number];

const PATH = /^\/[\w./~-]{0,199}$/;
const MAX_SERVICES = 1_000;
const servicesSchema = z.record(z.string(), z.array(z.string()));
const instancesSchema = z.array(
  z.object({
    ServiceID: z.string(),
    ServiceName: z.string(),
    ServiceAddress: z.string(),
    Address: z.string(),
    ServicePort: z.number().int(),
    ServiceMeta: z.record(z.string(), z.string()).nullish(),
    ServiceWeights: z.object({ Passing: z.number() }).nullish(),
  }),
);
type Instance = z.infer<typeof instancesSchema>[number];

/** The services with a tag, with their instances. Their metadata may have `mcp-path`, `mcp-protocol` and `mcp-name`. */
export class ConsulSource implements DiscoverySource {
  readonly kind = 'consul';
  readonly name: string;
  readonly where: string;
  readonly #config: ConsulConfig;
  readonly #url: string;

  /** @param url of an agent, without credentials */
  constructor(config: ConsulConfig, url: string) {
    this.name = config.name;
    this.#url = url.replace(/\/+$/, '');
    this.where = `services with the tag ${config.tag} at ${this.#url}`;
    this.#config = config;
  }

  async find(signal: AbortSignal): Promise<Findings> {
    const { tag } = this.#config;
    const services = servicesSchema.parse(await this.#ask('/v1/catalog/services', signal));
    const names = Object.keys(services)
      .filter((name) => services[name]!.includes(tag))
      .sort();
    if (names.length > MAX_SERVICES)
      throw new Error(`${names.length} services have the tag ${tag}; at most ${MAX_SERVICES}`);
    const found: FoundInstance[] = [];
    const problems: string[] = [];
    for (const name of names) {
      const path = `/v1/catalog/service/${encodeURIComponent(name)}?tag=${encodeURIComponent(tag)}`;
      const instances = instancesSchema.parse(await this.#ask(path, signal));
      for (const instance of instances.sort((a, b) => (a.ServiceID < b.ServiceID ? -1 : 1))) {
        const at = this.#locate(instance);
        if (typeof at === 'string') problems.push(`${instance.ServiceID}: ${at}`);
        else found.push(at);
      }
    }
    if (this.#config.group === 'instance') return { found: apart(found), problems, isPartial: false };
    const groups = grouped(found);
    return { found: groups.found, problems: [...problems, ...groups.problems], isPartial: false };
  }

  /** @returns what is wrong with it when it cannot be a server */
  #locate({ ServiceName, ServicePort, ServiceMeta, ServiceWeights, ...rest }: Instance): FoundInstance | string {
    const host = rest.ServiceAddress || rest.Address;
    const path = ServiceMeta?.['mcp-path'] ?? this.#config.path;
    const protocol = ServiceMeta?.['mcp-protocol'] ?? this.#config.protocol;
    if (!HOST.test(host)) return `its address ${host} is no host name or IPv4 address`;
    if (ServicePort < 1 || ServicePort > 65_535) return `its port is ${ServicePort}`;
    if (!PATH.test(path)) return `its mcp-path ${path} must begin with / and have letters, digits and . _ ~ - / only`;
    if (protocol !== 'http' && protocol !== 'https') return `its mcp-protocol ${protocol} must be http or https`;
    return {
      name: ServiceMeta?.['mcp-name'] ?? ServiceName,
      service: ServiceName,
      url: `${protocol}://${host}:${ServicePort}${path}`,
      weight: ServiceWeights?.Passing,
    };
  }

  async #ask(path: string, signal: AbortSignal): Promise<unknown> {
    const { statusCode, body } = await request(this.#url + path, { signal });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`Consul answers ${statusCode} to ${path}: ${text.slice(0, 200)}`);
    return JSON.parse(text) as unknown;
  }
}

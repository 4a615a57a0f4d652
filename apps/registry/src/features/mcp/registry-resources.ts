import { Injectable } from '@nestjs/common';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import { InvalidCursorError } from '@signalbox/ports';
import type { Completion, ResourcePage, ResourceProvider } from '@signalbox/mcp-endpoint';
import { ServerCatalogue } from '../servers/server-catalogue.js';
import { ServiceCensus } from '../services/service-census.js';
import { ServiceFinder } from '../services/service-finder.js';
import { RegistryTools } from './registry-tools.js';

const MIME_TYPE = 'application/json';
const MAX_COMPLETIONS = 100;
const PAGE_SIZE = 100;
const MAX_LISTED = 500;

export const INSTANCES = 'registry://serviceInstances';
export const SERVERS = 'registry://servers';
export const CLUSTER = 'registry://cluster';
const URI = /^registry:\/\/(cluster$|serviceInstances|servers)(?:\/([^/?#]+))?$/;

export const instancesUri = (serviceName: string): string => `${INSTANCES}/${encodeURIComponent(serviceName)}`;
export const serverUri = (name: string): string => `${SERVERS}/${encodeURIComponent(name)}`;

/** The registry as MCP resources, as the source document has it: `serviceInstances`; and the upstream servers. */
@Injectable()
export class RegistryResources implements ResourceProvider {
  readonly info;
  readonly instructions =
    'Which services and upstream MCP servers there are. Subscribe to hear of changes; the tools answer questions, also of the past.';
  readonly templates = [
    {
      name: 'serviceInstancesOf',
      title: 'Instances of one service',
      uriTemplate: `${INSTANCES}/{serviceName}`,
      description: 'All instances of a service, whatever their status',
      mimeType: MIME_TYPE,
    },
    {
      name: 'server',
      title: 'Upstream server',
      uriTemplate: `${SERVERS}/{name}`,
      description: 'State, tools and last error of one upstream MCP server',
      mimeType: MIME_TYPE,
    },
  ];

  constructor(
    private readonly services: ServiceFinder,
    private readonly census: ServiceCensus,
    private readonly servers: ServerCatalogue,
    readonly toolbox: RegistryTools,
    @InjectContext() context: ServiceContext,
  ) {
    this.info = { name: 'signalbox-registry', title: 'Signalbox registry', version: context.version };
  }

  async list(cursor: string | undefined): Promise<ResourcePage> {
    const all = this.#all();
    const start = cursor === undefined ? 0 : Number(/^p(\d{1,9})$/.exec(cursor)?.[1]);
    if (Number.isNaN(start)) throw new InvalidCursorError('unknown cursor: use nextCursor of the page before, or none');
    const end = start + PAGE_SIZE;
    return { resources: all.slice(start, end), ...(end < all.length && { nextCursor: `p${end}` }) };
  }

  async read(uri: string) {
    const data = await this.#dataOf(uri);
    return data === undefined ? undefined : { uri, mimeType: MIME_TYPE, text: JSON.stringify(data) };
  }

  owns(uri: string): boolean {
    return URI.test(uri);
  }

  async complete(variable: string, prefix: string): Promise<Completion> {
    const values = this.#namesFor(variable).filter((name) => name.startsWith(prefix));
    return { values: values.slice(0, MAX_COMPLETIONS), total: values.length, hasMore: values.length > MAX_COMPLETIONS };
  }

  #namesFor(variable: string): string[] {
    if (variable === 'serviceName') return this.census.names();
    return variable === 'name' ? this.#serverNames() : [];
  }

  async #dataOf(uri: string): Promise<unknown> {
    const [, kind, encoded] = URI.exec(uri) ?? [];
    const name = encoded && decode(encoded);
    if (kind === 'cluster') return this.toolbox.cluster.read();
    if (kind === 'serviceInstances') {
      if (name === undefined) return this.services.find({});
      const instances = await this.services.instancesOf(name);
      return instances.length > 0 ? instances : undefined;
    }
    if (kind === 'servers') return name === undefined ? this.servers.list() : this.servers.get(name);
    return undefined;
  }

  #serverNames(): string[] {
    return this.servers.list().map(({ name }) => name);
  }

  #all() {
    const resource = (uri: string, name: string, description: string) => ({
      uri,
      name,
      description,
      mimeType: MIME_TYPE,
    });
    return [
      resource(INSTANCES, 'serviceInstances', 'All instances of all services'),
      resource(CLUSTER, 'cluster', 'All instances with role and load, sums for each service, and who leads'),
      resource(SERVERS, 'servers', 'All configured upstream MCP servers'),
      ...this.census
        .names()
        .map((name) => resource(instancesUri(name), `serviceInstances/${name}`, `Instances of ${name}`)),
      ...this.#serverNames().map((name) => resource(serverUri(name), `servers/${name}`, `The upstream server ${name}`)),
    ].slice(0, MAX_LISTED);
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

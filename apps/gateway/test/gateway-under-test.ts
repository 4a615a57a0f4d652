import {
  executeQueue,
  newId,
  createEvent,
  type ExecuteCommand,
  type ExecuteReply,
  type NewEvent,
  type RecordedEvent,
  type UpstreamDefinition,
} from '@signalbox/contracts';
import { createEmbeddedPorts } from '@signalbox/adapter-embedded';
import type { RunningService, ServiceContext } from '@signalbox/nest-kit';
import type { Delivery, PortSet } from '@signalbox/ports';
import { decodeCommit } from '@signalbox/runtime';
import { start } from '../src/index.js';

export interface GatewayUnderTest {
  readonly url: string;
  readonly ports: PortSet;
  readonly service: RunningService;
  /** Appends an event as another service would. */
  append(actor: string, stream: string, event: NewEvent): Promise<void>;
  /** Makes a server with these tools known, and plays the executor's part of the contract for it. */
  serve(server: string, offer: Offer, execute?: Execute): Promise<void>;
  /** Everything in the log of these types, oldest first. */
  events(...types: string[]): Promise<RecordedEvent[]>;
  stop(): Promise<void>;
}

export interface Offer {
  readonly tools?: readonly { readonly name: string; readonly [field: string]: unknown }[];
  readonly prompts?: readonly { readonly name: string; readonly [field: string]: unknown }[];
  readonly resources?: readonly { readonly uri: string; readonly [field: string]: unknown }[];
  readonly resourceTemplates?: readonly { readonly uriTemplate: string; readonly [field: string]: unknown }[];
}

export type Execute = (
  command: ExecuteCommand,
  delivery: Delivery,
) => ExecuteReply | undefined | Promise<ExecuteReply | undefined>;

export interface GatewayTestOptions {
  readonly gateway?: object;
  /** Other sections of the configuration. */
  readonly sections?: Readonly<Record<string, unknown>>;
  /** Of the configuration file, which need not be there. */
  readonly configPath?: string;
  readonly servers?: readonly UpstreamDefinition[];
  readonly bind?: string;
  readonly ports?: PortSet & { close(): Promise<void> };
}

export function contextOf(ports: PortSet, options: GatewayTestOptions = {}): ServiceContext {
  const sections: Record<string, unknown> = { gateway: options.gateway ?? {}, ...options.sections };
  return {
    service: 'gateway',
    instanceId: 'gateway-1',
    bind: options.bind ?? '127.0.0.1',
    port: 0,
    version: '0.0.0-test',
    ports,
    config: {
      path: options.configPath,
      env: {},
      servers: options.servers ?? [],
      problems: [],
      section: (name) => sections[name],
    },
  };
}

/** The gateway, started for real, on a free port. */
export async function startGateway(options: GatewayTestOptions = {}): Promise<GatewayUnderTest> {
  const ports = options.ports ?? (await createEmbeddedPorts({ dataDir: ':memory:' }));
  const service = await start(contextOf(ports, options));
  const append = async (actor: string, stream: string, event: NewEvent): Promise<void> => {
    const metadata = { actor, correlationId: newId() };
    await ports.events.append({ stream, expectedVersion: 'any', events: [event], commitId: newId(), metadata });
  };
  return {
    url: service.url,
    ports,
    service,
    append,
    async serve(server, offer, execute) {
      const { tools = [], prompts = [], resources = [], resourceTemplates = [] } = offer;
      const definitionHashes = Object.fromEntries(tools.map(({ name }) => [name, '0'.repeat(64)]));
      const about = { protocolVersion: '2025-11-25', serverInfo: { name: server, version: '1' }, capabilities: {} };
      const stream = `upstream-${server}`;
      await append(
        'tool-executor-1',
        stream,
        createEvent('server.started', { server, executor: 'tool-executor-1', ...about }),
      );
      await append(
        'tool-executor-1',
        stream,
        createEvent('catalogue.changed', {
          server,
          tools: [...tools],
          prompts: [...prompts],
          resources: [...resources],
          resourceTemplates: [...resourceTemplates],
          definitionHashes,
        }),
      );
      if (execute) {
        await ports.bus.consume({ name: executeQueue(server) }, async (delivery) => {
          const reply = await execute(delivery.body as ExecuteCommand, delivery);
          if (reply) delivery.reply(reply);
        });
      }
    },
    async events(...types) {
      const found: RecordedEvent[] = [];
      for (const { partition } of await ports.events.partitions()) {
        const commits = await ports.events.readPartition(partition, 0, 1000);
        found.push(...commits.flatMap((commit) => decodeCommit(commit)));
      }
      return found.filter(({ type }) => types.includes(type));
    },
    async stop() {
      await service.stop();
      await (ports as { close?: () => Promise<void> }).close?.();
    },
  };
}

export interface RpcReply {
  readonly status: number;
  readonly headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into answers of every form
  readonly body: any;
}

/** A client that speaks the wire by hand. */
export class WireClient {
  sessionId: string | undefined;
  #nextId = 1;

  constructor(
    readonly url: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  async initialize(capabilities: object = {}, protocolVersion = '2025-11-25'): Promise<RpcReply> {
    const clientInfo = { name: 'wire', version: '1' };
    const reply = await this.request('initialize', { protocolVersion, capabilities, clientInfo });
    this.sessionId = reply.headers.get('mcp-session-id') ?? undefined;
    await this.post({ jsonrpc: '2.0', method: 'notifications/initialized' });
    return reply;
  }

  /** The response to a request, whichever way it came. */
  async request(method: string, params?: object): Promise<RpcReply> {
    const response = await this.post({ jsonrpc: '2.0', id: this.#nextId++, method, ...(params ? { params } : {}) });
    const text = await response.text();
    const isStream = response.headers.get('content-type') === 'text/event-stream';
    const json = isStream ? text.slice(text.lastIndexOf('data: ') + 6) : text;
    return { status: response.status, headers: response.headers, body: json ? JSON.parse(json) : undefined };
  }

  post(message: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(this.sessionId ? { 'mcp-session-id': this.sessionId } : {}),
        ...this.headers,
        ...headers,
      },
      body: typeof message === 'string' ? message : JSON.stringify(message),
    });
  }

  get(headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
    return fetch(this.url, {
      headers: {
        accept: 'text/event-stream',
        ...(this.sessionId ? { 'mcp-session-id': this.sessionId } : {}),
        ...this.headers,
        ...headers,
      },
      signal: signal ?? null,
    });
  }
}

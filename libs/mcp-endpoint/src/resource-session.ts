import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError, Server } from '@modelcontextprotocol/server';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { McpLimits } from './limits.js';
import type { ResourceProvider } from './resource-provider.js';

/**
 * One client's MCP session. Notifications wait, one per resource, until the client has a stream that takes them: a slow or
 * absent client costs at most its subscriptions.
 */
export class ResourceSession {
  readonly #transport: NodeStreamableHTTPServerTransport;
  readonly #server: Server;
  readonly #subscribed = new Set<string>();
  readonly #updated = new Set<string>();
  readonly #streams = new Set<ServerResponse>();
  #listChanged = false;
  #listToldAt = Number.NEGATIVE_INFINITY;
  #flush: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined;
  #inFlight = 0;
  #lastUsed = performance.now();

  private constructor(
    private readonly provider: ResourceProvider,
    private readonly limits: McpLimits,
    onOpened: (id: string, session: ResourceSession) => void,
    onClosed: (id: string) => void,
  ) {
    this.#transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => onOpened(id, this),
      onsessionclosed: onClosed,
      keepAliveMs: limits.keepAliveMs,
      maxRequestBodySize: limits.maxBodyBytes,
    });
    this.#server = new Server(provider.info, {
      capabilities: {
        resources: { subscribe: true, listChanged: true },
        completions: {},
        ...(provider.toolbox && { tools: {} }),
      },
      instructions: provider.instructions,
    });
    this.#answerLists();
    this.#answerReads();
    this.#answerSubscriptions();
    this.#answerTools();
  }

  static async create(
    provider: ResourceProvider,
    limits: McpLimits,
    onOpened: (id: string, session: ResourceSession) => void,
    onClosed: (id: string) => void,
  ): Promise<ResourceSession> {
    const session = new ResourceSession(provider, limits, onOpened, onClosed);
    await session.#server.connect(session.#transport);
    return session;
  }

  /** Undefined until the client has initialised. */
  get id(): string | undefined {
    return this.#transport.sessionId;
  }

  /** Milliseconds since the last request ended; 0 while one runs or a stream is open. */
  get idleMs(): number {
    return this.#inFlight > 0 ? 0 : performance.now() - this.#lastUsed;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#inFlight++;
    if (request.method === 'GET') this.#streams.add(response);
    response.once('close', () => {
      this.#inFlight--;
      this.#lastUsed = performance.now();
      this.#streams.delete(response);
    });
    this.#flushLater();
    await this.#transport.handleRequest(request, response);
  }

  resourceUpdated(uri: string): void {
    if (!this.#subscribed.has(uri)) return;
    this.#updated.add(uri);
    this.#flushLater();
  }

  resourceListChanged(): void {
    this.#listChanged = true;
    this.#flushLater();
  }

  async close(): Promise<void> {
    clearTimeout(this.#flush?.timer);
    this.#streams.clear();
    this.#subscribed.clear();
    this.#updated.clear();
    await this.#server.close();
  }

  #answerLists(): void {
    const { provider } = this;
    this.#server.setRequestHandler('resources/list', async ({ params }) => {
      try {
        return { ...(await provider.list(params?.cursor)) };
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'InvalidCursorError') throw error;
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, error.message);
      }
    });
    this.#server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [...provider.templates] }));
    this.#server.setRequestHandler('completion/complete', async ({ params }) => {
      const { ref, argument, context } = params;
      const known = provider.templates.map(({ uriTemplate }) => uriTemplate);
      if (ref.type !== 'ref/resource' || !known.includes(ref.uri)) {
        throw new ProtocolError(
          ProtocolErrorCode.InvalidParams,
          `nothing to complete for ${'uri' in ref ? ref.uri : ref.name}; templates: ${known.join(', ')}`,
        );
      }
      return { completion: { ...(await provider.complete(argument.name, argument.value, context?.arguments ?? {})) } };
    });
  }

  #answerReads(): void {
    this.#server.setRequestHandler('resources/read', async ({ params: { uri } }) => {
      const contents = await this.provider.read(uri);
      if (!contents) throw new ResourceNotFoundError(uri);
      return { contents: [contents] };
    });
  }

  #answerSubscriptions(): void {
    this.#server.setRequestHandler('resources/subscribe', ({ params: { uri } }) => {
      if (!this.provider.owns(uri)) throw new ResourceNotFoundError(uri);
      const { maxSubscriptionsPerSession: max } = this.limits;
      if (this.#subscribed.size >= max && !this.#subscribed.has(uri)) {
        throw new ProtocolError(ProtocolErrorCode.InvalidRequest, `at most ${max} subscriptions per session`);
      }
      this.#subscribed.add(uri);
      return {};
    });
    this.#server.setRequestHandler('resources/unsubscribe', ({ params: { uri } }) => {
      this.#subscribed.delete(uri);
      this.#updated.delete(uri);
      return {};
    });
  }

  #answerTools(): void {
    const { toolbox } = this.provider;
    if (!toolbox) return;
    const known = new Set(toolbox.tools.map(({ name }) => name));
    this.#server.setRequestHandler('tools/list', () => ({ tools: [...toolbox.tools] }));
    this.#server.setRequestHandler('tools/call', async ({ params }) => {
      if (known.has(params.name)) return { ...(await toolbox.call(params.name, params.arguments ?? {})) };
      const message = `unknown tool ${params.name}; there are: ${[...known].join(', ')}`;
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, message);
    });
  }

  #flushLater(): void {
    // without a stream, opening one is what starts the flush
    if (this.#streams.size === 0 || (this.#updated.size === 0 && !this.#listChanged)) return;
    const now = performance.now();
    const soon = now + this.limits.coalesceMs;
    const at = this.#updated.size > 0 ? soon : Math.max(soon, this.#listToldAt + this.limits.listChangedMs);
    if (this.#flush && this.#flush.at <= at) return;
    clearTimeout(this.#flush?.timer);
    const timer = setTimeout(() => {
      this.#flush = undefined;
      void this.#tell().finally(() => this.#flushLater());
    }, at - now);
    timer.unref();
    this.#flush = { at, timer };
  }

  async #tell(): Promise<void> {
    if (![...this.#streams].some((stream) => stream.headersSent && !stream.writableNeedDrain)) return;
    const uris = [...this.#updated];
    const listChanged = this.#listChanged && performance.now() >= this.#listToldAt + this.limits.listChangedMs;
    this.#updated.clear();
    if (listChanged) {
      this.#listChanged = false;
      this.#listToldAt = performance.now();
    }
    try {
      if (listChanged) await this.#server.sendResourceListChanged();
      for (const uri of uris) await this.#server.sendResourceUpdated({ uri });
    } catch {
      // the stream went away in between: the next one gets them
      for (const uri of uris) if (this.#subscribed.has(uri)) this.#updated.add(uri);
      this.#listChanged ||= listChanged;
    }
  }
}

import { hostHeaderValidation, originValidation } from '@modelcontextprotocol/node';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { McpLimits } from './limits.js';
import type { ResourceProvider } from './resource-provider.js';
import { ResourceSession } from './resource-session.js';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/**
 * `/mcp` of a service that offers resources: Streamable HTTP with sessions (MCP 2025-11-25 and older), bounded in number
 * and swept when idle.
 */
export class McpEndpoint {
  readonly #sessions = new Map<string, ResourceSession>();
  readonly #guards: ReadonlyArray<(request: IncomingMessage, response: ServerResponse) => boolean>;
  readonly #sweeper: NodeJS.Timeout;
  #opening = 0;
  #closed = false;

  constructor(
    private readonly provider: ResourceProvider,
    private readonly limits: McpLimits,
    bind: string,
    private readonly onError: (error: unknown) => void,
  ) {
    const loopback = LOOPBACK.includes(bind) || bind === '::1';
    const hosts = [...LOOPBACK, ...limits.allowedHosts];
    const guarded = loopback || limits.allowedHosts.length > 0;
    this.#guards = guarded ? [hostHeaderValidation(hosts), originValidation(hosts)] : [];
    this.#sweeper = setInterval(() => this.#sweep(), limits.sweepMs);
    this.#sweeper.unref();
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  /** Takes requests to `/mcp`; false for all others. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): boolean => {
    const { url = '/' } = request;
    if (url !== '/mcp' && !url.startsWith('/mcp?')) return false;
    if (this.#guards.every((allows) => allows(request, response))) {
      this.#serve(request, response).catch((error: unknown) => {
        this.onError(error);
        refuse(response, 500, -32603, 'Internal error');
      });
    }
    return true;
  };

  /** Tells the sessions that subscribed to `uri`. */
  resourceUpdated(uri: string): void {
    for (const session of this.#sessions.values()) session.resourceUpdated(uri);
  }

  /** Tells all sessions that `resources/list` has another answer. */
  resourceListChanged(): void {
    for (const session of this.#sessions.values()) session.resourceListChanged();
  }

  /** Ends all sessions and their streams. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#sweeper);
    await Promise.all([...this.#sessions.keys()].map((id) => this.#end(id)));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = request.headers['mcp-session-id'];
    if (id !== undefined) {
      const session = this.#sessions.get(String(id));
      if (!session) return refuse(response, 404, -32001, `no session ${String(id)}: initialize a new one`);
      return session.handle(request, response);
    }
    if (request.method !== 'POST') {
      return refuse(response, 400, -32000, 'a session is needed: POST initialize first, then send Mcp-Session-Id');
    }
    if (this.#closed) return refuse(response, 503, -32000, 'the service is stopping');
    if (this.#sessions.size + this.#opening >= this.limits.maxSessions) {
      response.setHeader('retry-after', '5');
      return refuse(response, 503, -32000, `at most ${this.limits.maxSessions} sessions at a time`);
    }
    await this.#open(request, response);
  }

  async #open(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#opening++;
    try {
      const session = await ResourceSession.create(
        this.provider,
        this.limits,
        (id, opened) => void this.#sessions.set(id, opened),
        (id) => void this.#end(id),
      );
      response.once('close', () => {
        // anything but an `initialize` leaves no session behind
        if (session.id === undefined || !this.#sessions.has(session.id)) void session.close().catch(this.onError);
      });
      await session.handle(request, response);
    } finally {
      this.#opening--;
    }
  }

  #sweep(): void {
    for (const [id, session] of this.#sessions) if (session.idleMs > this.limits.sessionIdleMs) void this.#end(id);
  }

  async #end(id: string): Promise<void> {
    const session = this.#sessions.get(id);
    this.#sessions.delete(id);
    await session?.close().catch(this.onError);
  }
}

function refuse(response: ServerResponse, status: number, code: number, message: string): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null }));
}

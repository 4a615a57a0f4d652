import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { freePort } from '@signalbox/testing';

type Json = Record<string, any>;

/** A call that has come to the server, in the hands of the test. */
export interface UpstreamCall {
  readonly params: Json;
  readonly session: string;
  /** Aborted by `notifications/cancelled`. */
  readonly cancelled: AbortSignal;
  /** Sends a message on the stream of this call. */
  say(message: Json): void;
  /** Asks the client on the stream of this call. @returns the whole answer, error or result */
  ask(id: string, method: string, params: Json): Promise<Json>;
}
export type Tool = (call: UpstreamCall) => Promise<Json>;

/** Thrown by a {@link Tool}: answered as this JSON-RPC error. */
export class UpstreamError extends Error {
  constructor(readonly error: Json) {
    super('an error of the server');
  }
}

/** A server of 2025-11-25 over Streamable HTTP, by hand: it notes all that comes, and does what the test says. */
export class RelayUpstream {
  /** Sessions that are open. */
  readonly sessions = new Map<string, { stream?: ServerResponse }>();
  /** Everything that came, with the session that it came in. */
  readonly received: { session: string; message: Json }[] = [];
  readonly #running = new Map<string, AbortController>();
  readonly #asked = new Map<string, (answer: Json) => void>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
    readonly tools: Record<string, Tool>,
  ) {}

  static async start(tools: Record<string, Tool>): Promise<RelayUpstream> {
    const port = await freePort();
    const server = createServer((request, response) => void upstream.#serve(request, response));
    const upstream = new RelayUpstream(server, `http://127.0.0.1:${port}/mcp`, tools);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return upstream;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  /** What came with this method. */
  heard(method: string): { session: string; message: Json }[] {
    return this.received.filter(({ message }) => message['method'] === method);
  }

  /** Sends a message on the GET streams of all sessions, or of one. */
  push(message: Json, session?: string): void {
    for (const [id, { stream }] of this.sessions) {
      if (session === undefined || session === id) stream?.write(event(message));
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const session = request.headers['mcp-session-id'] as string | undefined;
    if (request.method === 'DELETE') {
      this.sessions.delete(session!);
      return void response.writeHead(200).end();
    }
    if (request.method === 'GET') {
      response.writeHead(200, SSE).flushHeaders();
      if (this.sessions.has(session!)) this.sessions.set(session!, { stream: response });
      return;
    }
    await this.#receive(JSON.parse(text) as Json, session, response);
  }

  async #receive(message: Json, session: string | undefined, response: ServerResponse): Promise<void> {
    const { id, method, params } = message;
    if (method === 'initialize') {
      const opened = randomUUID();
      this.sessions.set(opened, {});
      return answer(response, { id, result: initialized(params.protocolVersion) }, { 'mcp-session-id': opened });
    }
    if (!session || !this.sessions.has(session)) {
      return answer(response, { id: id ?? null, error: { code: -32000, message: 'no such session' } }, {}, 400);
    }
    this.received.push({ session, message });
    if (method === 'notifications/cancelled') this.#running.get(`${session} ${params.requestId}`)?.abort();
    if (method === undefined) this.#asked.get(id)?.(message);
    if (id === undefined || method === undefined) return void response.writeHead(202).end();
    if (method !== 'tools/call') return answer(response, { id, result: this.#resultOf(method, params) });
    await this.#call(id, params, session, response);
  }

  async #call(id: unknown, params: Json, session: string, response: ServerResponse): Promise<void> {
    const controller = new AbortController();
    const key = `${session} ${String(id)}`;
    this.#running.set(key, controller);
    response.writeHead(200, SSE).flushHeaders();
    const say = (message: Json): void => void response.write(event(message));
    const ask = (askId: string, method: string, asked: Json): Promise<Json> => {
      const answered = new Promise<Json>((resolve) => this.#asked.set(askId, resolve));
      say({ id: askId, method, params: asked });
      return answered;
    };
    const call = { params, session, cancelled: controller.signal, say, ask };
    try {
      response.end(event({ id, result: await this.tools[params['name']]!(call) }));
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      response.end(event({ id, error: error.error }));
    } finally {
      this.#running.delete(key);
    }
  }

  #resultOf(method: string, params: Json): Json {
    if (method === 'tools/list') {
      return { tools: Object.keys(this.tools).map((name) => ({ name, inputSchema: { type: 'object' } })) };
    }
    if (method === 'resources/list') return { resources: [{ uri: 'relay://one', name: 'one' }] };
    if (method === 'resources/read') return { contents: [{ uri: params['uri'], text: 'one' }] };
    return method === 'resources/templates/list' ? { resourceTemplates: [] } : {};
  }
}

const SSE = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' };
const event = (message: Json): string => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
const initialized = (protocolVersion: string): Json => ({
  protocolVersion,
  capabilities: { tools: { listChanged: true }, resources: { subscribe: true }, logging: {} },
  serverInfo: { name: 'relay-upstream', version: '1' },
});

function answer(response: ServerResponse, message: Json, headers: Record<string, string> = {}, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ jsonrpc: '2.0', ...message }));
}

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { freePort } from '@signalbox/testing';

type Json = Record<string, any>;

/** A server of the transport of 2024-11-05 (HTTP with SSE), by hand: a session is its stream. Its tool says hello. */
export class SseUpstream {
  /** Streams that are open: its sessions. */
  readonly streams = new Map<string, ServerResponse>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<SseUpstream> {
    const port = await freePort();
    const server = createServer((request, response) => void upstream.#serve(request, response));
    const upstream = new SseUpstream(server, `http://127.0.0.1:${port}/sse`);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return upstream;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    if (request.method === 'GET') {
      const id = randomUUID();
      this.streams.set(id, response);
      response.on('close', () => this.streams.delete(id));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return void response.write(`event: endpoint\ndata: /messages?id=${id}\n\n`);
    }
    const stream = this.streams.get(new URL(request.url!, this.url).searchParams.get('id') ?? '');
    if (!stream) return void response.writeHead(404).end();
    response.writeHead(202).end();
    const { id, method, params } = JSON.parse(text) as Json;
    if (id === undefined) return;
    const result = resultOf(method, params);
    const answer = result ? { result } : { error: { code: -32601, message: 'Method not found' } };
    stream.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', id, ...answer })}\n\n`);
  }
}

function resultOf(method: string, params: Json | undefined): Json | undefined {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: params!['protocolVersion'],
        capabilities: { tools: {} },
        serverInfo: { name: 'sse-upstream', version: '1' },
      };
    case 'tools/list':
      return { tools: [{ name: 'hello', inputSchema: { type: 'object' } }] };
    case 'tools/call':
      return { content: [{ type: 'text', text: 'hello' }] };
    case 'ping':
      return {};
    default:
      return undefined;
  }
}

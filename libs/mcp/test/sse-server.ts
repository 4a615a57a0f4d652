import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import {
  CallToolRequestSchema,
  CreateMessageResultSchema,
  ListToolsRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';

/**
 * A server of HTTP with SSE (2024-11-05), made with the official SDK's transport: the tools of the conformance fixture that
 * the contract of connections asks for.
 */
export interface SseServer {
  readonly url: string;
  /** Requests in progress that the client has cancelled. */
  readonly cancelled: () => number;
  stop(): Promise<void>;
}

const text = (value: string) => ({ content: [{ type: 'text', text: value }] });

export async function startSseServer(): Promise<SseServer> {
  const transports = new Map<string, SSEServerTransport>();
  const counters = { cancelled: 0 };
  const http = createServer((request, response) => {
    const url = new URL(request.url!, 'http://localhost');
    if (request.method === 'GET' && url.pathname === '/sse') {
      const transport = new SSEServerTransport('/messages', response);
      transports.set(transport.sessionId, transport);
      response.on('close', () => transports.delete(transport.sessionId));
      void mcpServer(counters).connect(transport);
      return;
    }
    const transport = transports.get(url.searchParams.get('sessionId') ?? '');
    if (request.method === 'POST' && url.pathname === '/messages' && transport) {
      void transport.handlePostMessage(request, response);
      return;
    }
    response.writeHead(404, { 'content-type': 'text/html' }).end('<pre>Cannot POST /sse</pre>');
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/sse`,
    cancelled: () => counters.cancelled,
    stop: () => {
      http.closeAllConnections();
      return new Promise((resolve) => http.close(() => resolve()));
    },
  };
}

function mcpServer(counters: { cancelled: number }): Server {
  const server = new Server(
    { name: 'conformance-sse', version: '1' },
    { capabilities: { tools: { listChanged: true }, resources: { subscribe: true }, logging: {} } },
  );
  const subscribed = new Set<string>();
  const names = [
    'fx_echo',
    'test_tool_with_progress',
    'test_sampling',
    'fx_slow',
    'fx_touch',
    'test_trigger_tool_change',
  ];
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: names.map((name) => ({ name, inputSchema: { type: 'object' as const } })),
  }));
  server.setRequestHandler(SubscribeRequestSchema, ({ params }) => (subscribed.add(params.uri), {}));
  server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => (subscribed.delete(params.uri), {}));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal, sendNotification, sendRequest }) => {
    switch (params.name) {
      case 'fx_echo':
        return { ...text(JSON.stringify(params.arguments)), structuredContent: { args: params.arguments } };
      case 'test_tool_with_progress': {
        const progressToken = params._meta!.progressToken!;
        for (const progress of [0, 50, 100]) {
          await sendNotification({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
        }
        return text('done');
      }
      case 'test_sampling': {
        const message = {
          role: 'user' as const,
          content: { type: 'text' as const, text: String(params.arguments?.['prompt']) },
        };
        const request = { method: 'sampling/createMessage' as const, params: { messages: [message], maxTokens: 9 } };
        const { content } = await sendRequest(request, CreateMessageResultSchema);
        return text(`sampled: ${(content as { text: string }).text}`);
      }
      case 'fx_slow':
        await new Promise<void>((_resolve, reject) => {
          signal.addEventListener('abort', () => (counters.cancelled++, reject(new Error('cancelled'))), {
            once: true,
          });
        });
        return text('never');
      case 'fx_touch':
        for (const uri of subscribed) await server.sendResourceUpdated({ uri });
        return text('touched');
      case 'test_trigger_tool_change':
        await server.sendToolListChanged();
        return text('changed');
      default:
        throw new Error(`Tool ${params.name} not found`);
    }
  });
  return server;
}

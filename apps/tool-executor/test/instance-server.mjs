// An MCP server over HTTP, one of several instances. Its tools write a line "<port> <id>" to a file each time
// that they run, and take `ms`; `firstMs` is how long the first run of an id takes,
// wherever it is; an instance whose port is in `failAt` answers 500. Arguments: port, file, and what it
// speaks: `sessions` or `stateless` (2025-11-25), `modern` (2026-07-28), or `sse` (2024-11-05).
import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [port, file, kind] = process.argv.slice(2);
const sessions = new Set();
/** Streams of clients, by the path where they post. */
const streams = new Map();
const tools = ['slow', 'slow_read'].map((name) => ({
  name,
  description: 'counts its runs',
  inputSchema: { type: 'object', properties: { id: { type: 'string' }, ms: { type: 'number' } } },
}));

createServer((request, response) => {
  const say = (status, body, headers = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  };
  if (request.method === 'DELETE') return say(200);
  if (kind === 'sse' && request.method === 'GET') {
    const path = `/messages/${randomUUID()}`;
    streams.set(path, response);
    response.on('close', () => streams.delete(path));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    return response.write(`event: endpoint\ndata: ${path}\n\n`);
  }
  if (request.method !== 'POST' || (kind === 'sse' && !streams.has(request.url))) return say(405);
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const answer = (said, headers) => {
      const result = kind === 'modern' ? { resultType: 'complete', ttlMs: 0, cacheScope: 'public', ...said } : said;
      const message = { jsonrpc: '2.0', id, result };
      if (kind !== 'sse') return say(200, message, headers);
      streams.get(request.url)?.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
    };
    if (kind === 'sse') say(202);
    if (method === 'initialize') {
      const session = randomUUID();
      sessions.add(session);
      const serverInfo = { name: 'instance', version: '1' };
      const result = { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo };
      return answer(result, kind === 'sessions' ? { 'mcp-session-id': session } : {});
    }
    const isKnown = kind !== 'sessions' || sessions.has(request.headers['mcp-session-id']);
    if (method === 'server/discover' && kind === 'modern') {
      return answer({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} } });
    }
    if (method === 'server/discover') {
      return say(200, { jsonrpc: '2.0', id, error: { code: -32601, message: 'no such method' } });
    }
    if (!isKnown) return say(404, { jsonrpc: '2.0', id, error: { code: -32001, message: 'no such session' } });
    if (id === undefined) return kind === 'sse' ? undefined : say(202);
    if (method === 'tools/list') return answer({ tools });
    if (method !== 'tools/call') return answer({});
    const { id: run, ms = 0, firstMs = ms, failAt = [] } = params.arguments;
    if (failAt.includes(Number(port))) return say(500);
    const isFirst = firstMs === ms || !existsSync(file) || !readFileSync(file, 'utf8').includes(` ${run}\n`);
    appendFileSync(file, `${port} ${run}\n`);
    setTimeout(() => answer({ content: [{ type: 'text', text: port }] }), isFirst ? firstMs : ms);
  });
}).listen(Number(port), '127.0.0.1', () => console.log('listening'));

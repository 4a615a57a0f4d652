// An MCP server over Streamable HTTP, one of several instances. Its tools write a line "<port> <id>" to a file each time
// that they run, and take `ms`; `firstMs` is how long the first run of an id takes,
// wherever it is; an instance whose port is in `failAt` answers 500. Arguments: port, file, `sessions` or `stateless`.
import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [port, file, kind] = process.argv.slice(2);
const sessions = new Set();
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
  if (request.method !== 'POST') return say(405);
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const answer = (result, headers) => say(200, { jsonrpc: '2.0', id, result }, headers);
    if (method === 'initialize') {
      const session = randomUUID();
      sessions.add(session);
      const serverInfo = { name: 'instance', version: '1' };
      const result = { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo };
      return answer(result, kind === 'sessions' ? { 'mcp-session-id': session } : {});
    }
    const isKnown = kind !== 'sessions' || sessions.has(request.headers['mcp-session-id']);
    if (method === 'server/discover') {
      return say(200, { jsonrpc: '2.0', id, error: { code: -32601, message: 'no such method' } });
    }
    if (!isKnown) return say(404, { jsonrpc: '2.0', id, error: { code: -32001, message: 'no such session' } });
    if (id === undefined) return say(202);
    if (method === 'tools/list') return answer({ tools });
    if (method !== 'tools/call') return answer({});
    const { id: run, ms = 0, firstMs = ms, failAt = [] } = params.arguments;
    if (failAt.includes(Number(port))) return say(500);
    const isFirst = firstMs === ms || !existsSync(file) || !readFileSync(file, 'utf8').includes(` ${run}\n`);
    appendFileSync(file, `${port} ${run}\n`);
    setTimeout(() => answer({ content: [{ type: 'text', text: port }] }), isFirst ? firstMs : ms);
  });
}).listen(Number(port), '127.0.0.1', () => console.log('listening'));

// The floor under tools/list: node:http that reads a request and answers with a text that is ready. Not an MCP server: it knows
// three messages, and has one session for everybody.
import { createServer } from 'node:http';

const [port, toolCount] = process.argv.slice(2).map(Number);
const tool = (index) => ({
  name: `bench__tool_${index}`,
  description: 'A tool with a description of about the usual length, so that the answer has about the usual size.',
  inputSchema: {
    type: 'object',
    properties: { text: { type: 'string', description: 'Some text' } },
    required: ['text'],
  },
});
const list = JSON.stringify({ tools: Array.from({ length: toolCount }, (_, index) => tool(index)) });
const welcome = JSON.stringify({
  protocolVersion: '2025-06-18',
  capabilities: { tools: {} },
  serverInfo: { name: 'floor', version: '1' },
});

createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    if (request.method !== 'POST') return response.writeHead(405).end();
    const { id, method } = JSON.parse(Buffer.concat(chunks).toString());
    if (id === undefined) return response.writeHead(202).end();
    const text = `{"jsonrpc":"2.0","id":${id},"result":${method === 'initialize' ? welcome : list}}`;
    const headers = ['content-type', 'application/json', 'content-length', String(Buffer.byteLength(text))];
    if (method === 'initialize') headers.push('mcp-session-id', 'one');
    response.writeHead(200, headers).end(text);
  });
}).listen(port, '127.0.0.1');

// An MCP server over stdio whose tool `wait` answers once a file is there, and whose tool `pid` says which process it is.
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const text = (id, value) => send({ id, result: { content: [{ type: 'text', text: String(value) }] } });
const tools = ['wait', 'pid'].map((name) => ({
  name,
  inputSchema: { type: 'object', properties: { file: { type: 'string' } } },
}));

function answerWhenThere(id, file) {
  if (existsSync(file)) text(id, process.pid);
  else setTimeout(() => answerWhenThere(id, file), 20);
}

const lines = createInterface({ input: process.stdin });
// whoever started it is gone: what still waits would keep it alive
lines.on('close', () => process.exit());
lines.on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  if (method === 'initialize') {
    const { protocolVersion } = params;
    return send({
      id,
      result: { protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'gate', version: '1' } },
    });
  }
  if (method === 'tools/list') return send({ id, result: { tools } });
  if (method !== 'tools/call') return send({ id, result: {} });
  if (params.name === 'pid') return text(id, process.pid);
  answerWhenThere(id, params.arguments.file);
});

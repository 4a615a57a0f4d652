// An MCP server over stdio whose tool `slow` writes a line to a file each time that it runs, and answers after a while. A run with
// the id `crash` ends the process; `firstMs` is how long the first run of an id takes, `ms` all others.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [file] = process.argv.slice(2);
const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const names = ['slow', 'slow_read'];
const tools = names.map((name) => ({
  name,
  description: 'counts its runs',
  inputSchema: { type: 'object', properties: { id: { type: 'string' }, ms: { type: 'number' } } },
}));

const lines = createInterface({ input: process.stdin });
// whoever started it is gone: what still sleeps would keep it alive
lines.on('close', () => process.exit());
lines.on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  if (method === 'initialize') {
    const { protocolVersion } = params;
    const serverInfo = { name: 'counting', version: '1' };
    return send({ id, result: { protocolVersion, capabilities: { tools: {} }, serverInfo } });
  }
  if (method === 'tools/list') return send({ id, result: { tools } });
  if (method !== 'tools/call') return send({ id, result: {} });
  const { id: run, ms = 0, firstMs = ms } = params.arguments;
  const isFirst = !existsSync(file) || !readFileSync(file, 'utf8').split('\n').includes(run);
  appendFileSync(file, `${run}\n`);
  if (run === 'crash') process.exit(1);
  setTimeout(() => send({ id, result: { content: [{ type: 'text', text: `ran ${run}` }] } }), isFirst ? firstMs : ms);
});

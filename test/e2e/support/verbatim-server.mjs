// An MCP server over stdio whose lists are what the file that it is given says at the moment.
import { appendFileSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const lists = () => JSON.parse(readFileSync(process.argv[2], 'utf8'));
const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const handlers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: { listChanged: true }, prompts: {}, resources: {} },
    serverInfo: { name: 'verbatim-server', version: '1.0.0' },
  }),
  ping: () => ({}),
  'tools/list': () => {
    appendFileSync(`${process.argv[2]}.reads`, 'read\n');
    return { tools: lists().tools };
  },
  'prompts/list': () => ({ prompts: lists().prompts }),
  'resources/list': () => ({ resources: lists().resources }),
  'resources/templates/list': () => ({ resourceTemplates: lists().resourceTemplates }),
  // says that its tools have changed, whether they did or not
  'tools/call': () => {
    say({ method: 'notifications/tools/list_changed' });
    return { content: [] };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined || method === undefined) continue;
  const answer = handlers[method];
  say(answer ? { id, result: answer(params ?? {}) } : { id, error: { code: -32601, message: 'Method not found' } });
}

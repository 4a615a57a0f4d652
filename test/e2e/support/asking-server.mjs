// An MCP server over stdio with one tool, `ask`, which has the client's model answer (sampling).
import { createInterface } from 'node:readline';

const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const waiting = new Map();
const handlers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'asking-server', version: '1.0.0' },
  }),
  ping: () => ({}),
  'tools/list': () => ({ tools: [{ name: 'ask', inputSchema: { type: 'object' } }] }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params, result, error } = JSON.parse(line);
  if (method === 'tools/call') {
    const question = { role: 'user', content: { type: 'text', text: 'well?' } };
    waiting.set(`ask-${id}`, id);
    say({ id: `ask-${id}`, method: 'sampling/createMessage', params: { messages: [question], maxTokens: 10 } });
  } else if (method === undefined) {
    const text = JSON.stringify(result ?? error);
    say({ id: waiting.get(id), result: { content: [{ type: 'text', text }] } });
  } else if (id !== undefined) {
    const answer = handlers[method];
    say(answer ? { id, result: answer(params ?? {}) } : { id, error: { code: -32601, message: 'Method not found' } });
  }
}

// An MCP server over stdio that asks its client: each tool returns, as JSON text, the answer to its last question.
import { createInterface } from 'node:readline';

const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const waiting = new Map();
let asked = 0;

function ask(method, params) {
  const id = `question-${++asked}`;
  say({ id, method, params });
  return { id, answer: new Promise((resolve) => waiting.set(id, resolve)) };
}
const elicit = (message) => ask('elicitation/create', { message, requestedSchema: { type: 'object', properties: {} } });

const tools = {
  elicit: () => elicit('first').answer,
  sample: () => ask('sampling/createMessage', { messages: [], maxTokens: 1 }).answer,
  ping: () => ask('ping').answer,
  withdraw: () => {
    const { id } = elicit('withdrawn');
    say({ method: 'notifications/cancelled', params: { requestId: id } });
    return elicit('second').answer;
  },
};
const handlers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'questioning-server', version: '1.0.0' },
  }),
  'tools/list': () => ({ tools: Object.keys(tools).map((name) => ({ name, inputSchema: { type: 'object' } })) }),
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params, result, error } = JSON.parse(line);
  if (method === 'tools/call') {
    void tools[params.name]().then((answer) => {
      say({ id, result: { content: [{ type: 'text', text: JSON.stringify(answer) }] } });
    });
  } else if (method === undefined) waiting.get(id)?.(result ?? error);
  else if (id !== undefined) {
    const answer = handlers[method];
    say(answer ? { id, result: answer(params ?? {}) } : { id, error: { code: -32601, message: 'Method not found' } });
  }
});

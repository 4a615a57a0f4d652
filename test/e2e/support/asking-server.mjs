// An MCP server over stdio with one tool, `ask`, which has the client's model answer (sampling), as often as `times` says, and
// gives its last answer back. Argument: a file that gets a line for each run.
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [file] = process.argv.slice(2);
const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
/** Name of a question → the call that it is about, and how often it is to be asked again. */
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

function ask(id, times) {
  const question = { role: 'user', content: { type: 'text', text: 'well?' } };
  const name = `ask-${id}-${times}`;
  waiting.set(name, { id, left: times - 1 });
  say({ id: name, method: 'sampling/createMessage', params: { messages: [question], maxTokens: 10 } });
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params, result, error } = JSON.parse(line);
  if (method === 'tools/call') {
    if (file) appendFileSync(file, 'run\n');
    ask(id, params.arguments?.times ?? 1);
  } else if (method === undefined) {
    const { id: call, left } = waiting.get(id);
    const text = JSON.stringify(result ?? error);
    if (result && left > 0) ask(call, left);
    else say({ id: call, result: { content: [{ type: 'text', text }] } });
  } else if (id !== undefined) {
    const answer = handlers[method];
    say(answer ? { id, result: answer(params ?? {}) } : { id, error: { code: -32601, message: 'Method not found' } });
  }
}

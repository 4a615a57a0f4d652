// An MCP server over stdio that asks its client: each tool returns, as JSON text, the answer to its last question.
// As a task (MCP 2025-11-25) a call never ends; `cancelled` returns the ids of the tasks that were cancelled.
import { createInterface } from 'node:readline';

const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const waiting = new Map();
let asked = 0;
const cancelled = [];

function ask(method, params) {
  const id = `question-${++asked}`;
  say({ id, method, params });
  return { id, answer: new Promise((resolve) => waiting.set(id, resolve)) };
}
const elicit = (message) => ask('elicitation/create', { message, requestedSchema: { type: 'object', properties: {} } });

const tools = {
  elicit: () => elicit('first').answer,
  twice: () => elicit('first').answer.then(() => elicit('second').answer),
  sample: () => ask('sampling/createMessage', { messages: [], maxTokens: 1 }).answer,
  ping: () => ask('ping').answer,
  cancelled: () => Promise.resolve(cancelled),
  withdraw: () => {
    const { id } = elicit('withdrawn');
    say({ method: 'notifications/cancelled', params: { requestId: id } });
    return elicit('second').answer;
  },
};
const handlers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {}, tasks: { cancel: {}, requests: { tools: { call: {} } } } },
    serverInfo: { name: 'questioning-server', version: '1.0.0' },
  }),
  'tools/list': () => ({ tools: Object.keys(tools).map((name) => ({ name, inputSchema: { type: 'object' } })) }),
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params, result, error } = JSON.parse(line);
  if (method === 'tools/call' && params.task) {
    const times = { createdAt: new Date().toISOString(), lastUpdatedAt: new Date().toISOString() };
    say({ id, result: { task: { taskId: `task-${id}`, status: 'working', ttl: params.task.ttl, ...times } } });
  } else if (method === 'tasks/result') {
    say({ method: 'notifications/progress', params: { progressToken: params._meta.progressToken, progress: 1 } });
  } else if (method === 'tasks/cancel') {
    cancelled.push(params.taskId);
    say({ id, result: { taskId: params.taskId, status: 'cancelled' } });
  } else if (method === 'tools/call') {
    void tools[params.name]().then((answer) => {
      say({ id, result: { content: [{ type: 'text', text: JSON.stringify(answer) }] } });
    });
  } else if (method === undefined) waiting.get(id)?.(result ?? error);
  else if (id !== undefined) {
    const answer = handlers[method];
    say(answer ? { id, result: answer(params ?? {}) } : { id, error: { code: -32601, message: 'Method not found' } });
  }
});

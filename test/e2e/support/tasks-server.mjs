// An MCP server of 2025-11-25 over stdio with tools that take their time, fail, and ask in the middle: what the Tasks scenarios
// of the conformance suite want to be there. It knows nothing of tasks but what it says in `execution.taskSupport`.
import { createInterface } from 'node:readline';

const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const text = (value, more) => ({ content: [{ type: 'text', text: value }], ...more });
const waiting = new Map();
const running = new Map();
let asked = 0;

function elicit(message) {
  const id = `elicit-${++asked}`;
  const requestedSchema = { type: 'object', properties: { confirm: { type: 'boolean' }, name: { type: 'string' } } };
  say({ id, method: 'elicitation/create', params: { message, requestedSchema } });
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

const pause = (ms, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new Error('cancelled'));
    });
  });

const tools = {
  greet: { run: ({ name }) => text(`Hello, ${name}!`) },
  slow_compute: {
    taskSupport: 'optional',
    async run({ seconds = 0, label = '' }, { signal, progress }) {
      for (let done = 0; done < seconds; done++) {
        progress(done, seconds);
        await pause(1_000, signal);
      }
      return text(`computed ${label}`);
    },
  },
  failing_job: {
    taskSupport: 'required',
    async run(_, { signal }) {
      await pause(1_000, signal);
      return text('the job failed', { isError: true });
    },
  },
  protocol_error_job: {
    taskSupport: 'optional',
    async run(_, { signal }) {
      await pause(200, signal);
      throw Object.assign(new Error('the server broke'), { code: -32603 });
    },
  },
  confirm_delete: {
    taskSupport: 'optional',
    async run({ filename }) {
      const { action, content } = await elicit(`Delete ${filename}?`);
      return text(action === 'accept' && content?.confirm ? `deleted ${filename}` : `kept ${filename}`);
    },
  },
  confirm_later: {
    taskSupport: 'optional',
    async run({ seconds, filename }, { signal }) {
      await pause(seconds * 1_000, signal);
      return tools.confirm_delete.run({ filename });
    },
  },
  multi_input: {
    taskSupport: 'optional',
    async run() {
      const answers = await Promise.all([elicit('Your name?'), elicit('Are you sure?')]);
      return text(answers.map(({ content }) => content?.name).join(' and '));
    },
  },
};

const handlers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'tasks-server', version: '1.0.0' },
  }),
  ping: () => ({}),
  'tools/list': () => ({
    tools: Object.entries(tools).map(([name, { taskSupport }]) => ({
      name,
      inputSchema: { type: 'object' },
      ...(taskSupport && { execution: { taskSupport } }),
    })),
  }),
};

async function call(id, { name, arguments: args = {}, _meta }) {
  const abort = new AbortController();
  running.set(id, abort);
  const progress = (done, total) => {
    const { progressToken } = _meta ?? {};
    if (progressToken === undefined) return;
    say({ method: 'notifications/progress', params: { progressToken, progress: done, total, message: 'computing' } });
  };
  try {
    const result = await tools[name].run(args, { signal: abort.signal, progress });
    say({ id, result });
  } catch (error) {
    if (!abort.signal.aborted) say({ id, error: { code: error.code ?? -32603, message: error.message } });
  } finally {
    running.delete(id);
  }
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params, result, error } = JSON.parse(line);
  if (method === 'tools/call') void call(id, params);
  else if (method === 'notifications/cancelled') running.get(params.requestId)?.abort();
  else if (method === undefined) {
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (error) reject?.(Object.assign(new Error(error.message), { code: error.code }));
    else resolve?.(result);
  } else if (id !== undefined) {
    const answer = handlers[method];
    say(answer ? { id, result: answer(params ?? {}) } : { id, error: { code: -32601, message: 'Method not found' } });
  }
});

import type { HttpTarget, StdioTarget } from '@signalbox/contracts';
import { conformanceStdio, hasConformanceFixture, startConformanceFixture } from '@signalbox/testing/mcp-servers';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startSseServer } from '../../test/sse-server.js';
import { FULL_CLIENT_CAPABILITIES } from '../initialize.js';
import { connectUpstream } from './connect.js';
import { CancelledError } from './errors.js';
import type { ConnectOptions, Dialect, Inbound, UpstreamConnection } from './upstream.js';

interface Stand {
  readonly target: StdioTarget | HttpTarget;
  stop?(): Promise<void>;
}
interface Variant extends Dialect {
  start(): Promise<Stand>;
}

const http = (url: string): HttpTarget => ({ kind: 'http', url, headers: {} });
const fixture = async (era: 'legacy' | 'modern' | 'dual'): Promise<Stand> => {
  const server = await startConformanceFixture(undefined, era);
  return { target: http(server.url), stop: () => server.stop() };
};
const variants: Record<string, Variant> = {
  'a legacy process': {
    era: 'legacy',
    transport: 'stdio',
    start: async () => ({ target: conformanceStdio('legacy') }),
  },
  'a process of both eras': {
    era: 'modern',
    transport: 'stdio',
    start: async () => ({ target: conformanceStdio('dual') }),
  },
  'a legacy server of Streamable HTTP': { era: 'legacy', transport: 'http', start: () => fixture('legacy') },
  'a modern server of Streamable HTTP': { era: 'modern', transport: 'http', start: () => fixture('modern') },
  'a server of Streamable HTTP and both eras': { era: 'modern', transport: 'http', start: () => fixture('dual') },
  'a server of HTTP with SSE': {
    era: 'legacy',
    transport: 'sse',
    start: async () => {
      const server = await startSseServer();
      return { target: http(server.url), stop: () => server.stop() };
    },
  },
};

vi.setConfig({ testTimeout: 90_000 });

const soon = () => ({ deadline: Date.now() + 15_000 });
const until = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 15_000, interval: 20 });
type Result = { content: { text: string }[]; structuredContent?: Record<string, unknown>; [field: string]: unknown };
const resultOf = (outcome: unknown) => (outcome as { result: Result }).result;

const here = hasConformanceFixture();
const all = Object.entries(variants);
const modern = all.filter(([, { era }]) => era === 'modern');
/** The fixture reports changes of resources over stdio to legacy clients only. */
const telling = all.filter(([, { era, transport }]) => !(era === 'modern' && transport === 'stdio'));

function useServer({ start }: Variant) {
  let stand: Stand;
  const open: UpstreamConnection[] = [];
  beforeAll(async () => {
    stand = await start();
  });
  afterAll(() => stand?.stop?.());
  afterEach(async () => {
    await Promise.all(open.splice(0).map((connection) => connection.close()));
  });

  async function connect(options: Partial<ConnectOptions> = {}): Promise<UpstreamConnection> {
    const connection = await connectUpstream(stand.target, {
      clientInfo: { name: 'spec', version: '1' },
      capabilities: FULL_CLIENT_CAPABILITIES,
      env: process.env,
      // a process may be slow to start on a busy machine
      connectTimeoutMs: 60_000,
      limits: { probeMs: 55_000 },
      ...options,
    });
    open.push(connection);
    return connection;
  }
  return { connect };
}

const call = (connection: UpstreamConnection, name: string, args: object = {}, options: object = {}) =>
  connection.request('tools/call', { name, arguments: args }, { ...soon(), ...options });

describe.skipIf(!here).each(all)('%s', (_name, variant) => {
  const { era, transport } = variant;
  const { connect } = useServer(variant);

  it('is found out, and says who it is', async () => {
    const { dialect, initialize } = await connect();
    expect(dialect).toEqual({ era, transport });
    expect(initialize.serverInfo.name).toMatch(/^conformance-/);
    expect(initialize.capabilities).toHaveProperty('tools');
    expect(initialize.protocolVersion).toBe(era === 'modern' ? '2026-07-28' : '2025-11-25');
  });

  it('can be connected to without asking what it speaks', async () => {
    const connection = await connect({ era, transport });
    expect(connection.dialect).toEqual({ era, transport });
    await connection.ping(10_000);
  });

  it('lists, answers and refuses, verbatim', async () => {
    const connection = await connect();
    const list = resultOf(await connection.request('tools/list', undefined, soon()));
    expect((list['tools'] as { name: string }[]).map(({ name }) => name)).toContain('fx_echo');
    const echo = resultOf(await call(connection, 'fx_echo', { text: 'grüß', n: 1 }));
    expect(echo.structuredContent!['args']).toEqual({ text: 'grüß', n: 1 });
    const unknown = await connection.request('no/such/method', {}, soon());
    expect(unknown).toMatchObject({ error: { code: -32601 } });
    expect(connection.inFlight).toBe(0);
  });

  it('reports progress under the token of the caller, before the answer', async () => {
    const connection = await connect();
    const heard: Inbound[] = [];
    const onMessage = (message: Inbound) => void heard.push(message);
    const params = { name: 'test_tool_with_progress', arguments: {}, _meta: { progressToken: 'mine' } };
    await connection.request('tools/call', params, { ...soon(), onMessage });
    const progress = heard.filter(({ method }) => method === 'notifications/progress').map(({ params: p }) => p);
    expect(progress).toMatchObject([0, 50, 100].map((value) => ({ progress: value, progressToken: 'mine' })));
  });

  it('asks its client, in the way of its era', async () => {
    const connection = await connect();
    const answer = { role: 'assistant', content: { type: 'text', text: 'pong' }, model: 'm', stopReason: 'endTurn' };
    const onMessage = (message: Inbound) => {
      if ('id' in message && message.method === 'sampling/createMessage')
        connection.respond(message.id, { result: answer });
    };
    let result = resultOf(await call(connection, 'test_sampling', { prompt: 'ping' }, { onMessage }));
    if (era === 'modern') {
      expect(result['resultType']).toBe('input_required');
      const inputRequests = result['inputRequests'] as Record<string, { method: string }>;
      const [key] = Object.keys(inputRequests);
      expect(inputRequests[key!]!.method).toBe('sampling/createMessage');
      const retry = {
        name: 'test_sampling',
        arguments: { prompt: 'ping' },
        inputResponses: { [key!]: answer },
        ...(result['requestState'] === undefined ? {} : { requestState: result['requestState'] }),
      };
      result = resultOf(await connection.request('tools/call', retry, soon()));
    }
    expect(result.content[0]!.text).toContain('pong');
  });

  it('stops what is cancelled', async () => {
    const connection = await connect();
    const hasStats = transport !== 'sse';
    const stats = async () =>
      resultOf(await call(connection, 'fx_stats')).structuredContent as { calls: number; cancelled: number };
    const before = hasStats ? await stats() : { calls: 0, cancelled: 0 };
    const options = soon();
    const slow = connection.request('tools/call', { name: 'fx_slow', arguments: { ms: 60_000 } }, options);
    const caught = expect(slow).rejects.toBeInstanceOf(CancelledError);
    let asked = 0;
    // what has not begun cannot be stopped; each question is a call, too
    if (hasStats) await until(async () => expect((await stats()).calls).toBe(before.calls + ++asked + 1));
    connection.cancel(options, 'user');
    await caught;
    expect(connection.inFlight).toBe(0);
    if (hasStats) await until(async () => expect((await stats()).cancelled).toBe(before.cancelled + 1));
  });

  it('tells of a list that has changed', async () => {
    const heard: string[] = [];
    const connection = await connect({ listChanges: true, onMessage: ({ method }) => void heard.push(method) });
    await until(async () => {
      await call(connection, 'test_trigger_tool_change');
      expect(heard).toContain('notifications/tools/list_changed');
    });
  });
});

describe.skipIf(!here).each(telling)('%s', (_name, variant) => {
  const { connect } = useServer(variant);

  it('tells of changes of a resource, from when that is asked for until it is no longer', async () => {
    const uri = 'test://watched-resource';
    const heard: unknown[] = [];
    const onMessage = ({ method, params }: Inbound) =>
      void (method === 'notifications/resources/updated' && heard.push(params));
    const connection = await connect({ onMessage });
    expect(await connection.request('resources/subscribe', { uri }, soon())).toHaveProperty('result');
    await call(connection, 'fx_touch');
    await until(() => expect(heard).toEqual([{ uri }]));
    expect(await connection.request('resources/unsubscribe', { uri }, soon())).toHaveProperty('result');
    await call(connection, 'fx_touch');
    await call(connection, 'fx_touch');
    await connection.ping(10_000);
    expect(heard).toHaveLength(1);
  });
});

describe.skipIf(!here).each(modern)('%s', (_name, variant) => {
  const { connect } = useServer(variant);

  it('hears with each request for whom it is', async () => {
    const connection = await connect({ capabilities: {} });
    const heard: Inbound[] = [];
    const onMessage = (message: Inbound) => void heard.push(message);
    const caller = { capabilities: { sampling: {} }, logLevel: 'info', info: { name: 'caller', version: '2' } };
    await call(connection, 'test_logging_tool', {}, { onMessage });
    expect(heard).toEqual([]);
    await call(connection, 'test_logging_tool', {}, { onMessage, caller });
    expect(heard).toMatchObject([{ method: 'notifications/message', params: { level: 'info' } }]);
    const asked = resultOf(await call(connection, 'test_input_required_result_capabilities', {}, { caller }));
    expect(Object.keys(asked['inputRequests'] as object)).toEqual(['sample']);
  });
});

describe.skipIf(!here).each([
  ['legacy', 'modern', /configured as one of the modern era, which it is not/],
  ['modern', 'legacy', /HTTP 40|initialize was refused/],
] as const)('a server of the %s era', (era, pinned, message) => {
  const { connect } = useServer({ era, transport: 'http', start: () => fixture(era) });

  it(`is not believed to be ${pinned}, whatever the configuration says`, async () => {
    await expect(connect({ era: pinned })).rejects.toThrow(message);
  });
});

import { newId, type ClientContext, type ExecutePart, type ExecuteReply } from '@signalbox/contracts';
import {
  conformanceStdio,
  hasConformanceFixture,
  startConformanceFixture,
  type ServerUnderTest,
} from '@signalbox/testing/mcp-servers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { definition, Harness, until } from '../../../test/harness.js';
import type { PoolView } from '../pools/pools.controller.js';

vi.setConfig({ testTimeout: 90_000 });

type Client = Partial<ClientContext>;
type Question = Extract<ExecutePart, { kind: 'request' }>;
type Answer = { result: unknown } | { error: { code: number; message: string } };

const capabilities = { sampling: {}, elicitation: {}, roots: {} };
const session: Client = { sessionId: 's-1', protocolVersion: '2025-11-25', capabilities };
const stateless: Client = { protocolVersion: '2026-07-28', capabilities, info: { name: 'modern', version: '1' } };

/** A process may be slow to start on a busy machine. */
const SLOW = { settings: { connectTimeoutMs: 60_000 }, section: { upstream: { probeMs: 55_000 } } };

const sampled = (text: string) => ({
  role: 'assistant',
  content: { type: 'text', text },
  model: 'm',
  stopReason: 'endTurn',
});
const ANSWERS: Record<string, unknown> = {
  'sampling/createMessage': sampled('Hello'),
  'elicitation/create': { action: 'accept', content: { name: 'Ada' } },
  'roots/list': { roots: [{ uri: 'file:///tmp', name: 'tmp' }] },
};
const textOf = (reply: ExecuteReply) =>
  reply.ok ? (reply.result as { content: { text: string }[] }).content[0]!.text : `error: ${reply.error.message}`;

describe.skipIf(!hasConformanceFixture()).each(['stdio', 'http'] as const)('a modern server over %s', (transport) => {
  let executor: Harness;
  let fixture: ServerUnderTest | undefined;

  beforeAll(async () => {
    if (transport === 'http') fixture = await startConformanceFixture(undefined, 'modern');
    const target = fixture ? { kind: 'http' as const, url: fixture.url, headers: {} } : conformanceStdio('dual');
    executor = await Harness.start([definition('fixture', target, SLOW.settings)], SLOW.section);
  });
  afterAll(async () => {
    await executor.stop();
    await fixture?.stop();
  });

  /** Calls a tool and answers what the client is asked meanwhile. */
  async function call(
    tool: string,
    client: Client,
    answer = (asked: Question): Answer => ({ result: ANSWERS[asked.method] }),
  ) {
    const callId = newId();
    const parts: ExecutePart[] = [];
    const onPart = (part: ExecutePart) => {
      parts.push(part);
      if (part.kind !== 'request') return;
      void executor.answer(part.inbox, { kind: 'response', requestId: callId, id: part.id, ...answer(part) });
    };
    const reply = await executor.call('fixture', tool, {}, { callId, client, onPart });
    return { reply, parts, callId };
  }
  const pools = async () =>
    ((await (await fetch(`${executor.service.url}/pools`)).json()) as { pools: PoolView[] }).pools;

  it('is known as such', async () => {
    await until(async () => expect(await pools()).toMatchObject([{ state: 'running', transport, era: 'modern' }]));
  });

  it('gets its input from a client of the legacy era by requests to it, all at once, in one attempt', async () => {
    const { reply, parts, callId } = await call('test_input_required_result_multiple_inputs', session);
    expect(textOf(reply)).toBe('Hello Ada, 1 root(s)');
    expect(parts.map(({ method }) => method).sort()).toEqual(Object.keys(ANSWERS).sort());
    const events = await executor.events({ correlationId: callId });
    expect(events.map(({ type }) => type)).toEqual(['tool.call.started', 'tool.call.completed']);
  });

  it('may ask for input again and again', async () => {
    let step = 0;
    const { reply, parts } = await call('test_input_required_result_multi_round', session, () => ({
      result: { action: 'accept', content: ++step === 1 ? { name: 'Ada' } : { color: 'red' } },
    }));
    expect(textOf(reply)).toBe('Ada likes red');
    expect(parts).toHaveLength(2);
  });

  it('cannot ask a client for what it cannot do', async () => {
    const { reply, parts } = await call('test_missing_capability', { ...session, capabilities: { roots: {} } });
    expect(reply).toMatchObject({ ok: false, error: { code: -32021, message: expect.stringContaining('sampling') } });
    expect(parts).toEqual([]);
    const rest = await call('test_missing_capability', {});
    expect(rest.reply).toMatchObject({ ok: false, error: { code: -32021 } });
  });

  it('hands on the refusal of the client', async () => {
    const error = { code: -1, message: 'the user said no' };
    const { reply } = await call('test_input_required_result_sampling', session, () => ({ error }));
    expect(reply).toMatchObject({ ok: false, error });
  });

  it('is given up when the client cancels while it is asked', async () => {
    const callId = newId();
    const onPart = (part: ExecutePart) => {
      if (part.kind === 'request') void executor.control({ kind: 'cancel', requestId: callId, reason: 'enough' });
    };
    const options = { callId, client: session, onPart };
    const reply = await executor.call('fixture', 'test_input_required_result_elicitation', {}, options);
    expect(reply).toMatchObject({ ok: false, error: { message: 'cancelled: enough' } });
    const events = await executor.events({ correlationId: callId });
    expect(events.map(({ type }) => type)).toEqual(['tool.call.started', 'tool.call.cancelled']);
  });

  it('expires while the client is silent', async () => {
    const options = { client: session, deadlineMs: 1_000 };
    const reply = await executor.call('fixture', 'test_input_required_result_elicitation', {}, options);
    expect(reply).toMatchObject({ ok: false, error: { code: -32001 } });
  });

  it('answers a client of its own era as it likes, and that client answers it', async () => {
    const { reply, parts } = await call('test_input_required_result_request_state', stateless);
    expect(parts).toEqual([]);
    expect(reply).toMatchObject({
      ok: true,
      result: { resultType: 'input_required', requestState: expect.any(String) },
    });
    const { requestState } = (reply as { result: { requestState: string } }).result;
    const callId = newId();
    const inputResponses = { confirm: { action: 'accept', content: { ok: true } } };
    const params = { name: 'test_input_required_result_request_state', arguments: {}, inputResponses, requestState };
    const tool = params.name;
    const retry = { callId, attempt: 1, tool, safetyClass: 'unsafe' as const, requestedAt: Date.now() };
    const command = { requestId: callId, server: 'fixture', method: 'tools/call', params, call: retry };
    expect(textOf(await executor.send(command, { client: stateless }))).toBe('state-ok');
  });

  it('asks a prompt’s caller as well', async () => {
    const parts: ExecutePart[] = [];
    const requestId = newId();
    const params = { name: 'test_input_required_result_prompt', arguments: {} };
    const onPart = (part: ExecutePart) => {
      parts.push(part);
      const result = { action: 'accept', content: { context: 'winter' } };
      if (part.kind === 'request')
        void executor.answer(part.inbox, { kind: 'response', requestId, id: part.id, result });
    };
    const command = { requestId, server: 'fixture', method: 'prompts/get', params };
    const reply = await executor.send(command, { client: session, onPart });
    expect(JSON.stringify(reply)).toContain('Use this context: winter');
  });

  it('logs to whom has asked, and to a session unasked', async () => {
    const heard = async (client: Client) => (await call('test_logging_tool', client)).parts.map(({ method }) => method);
    expect(await heard(session)).toEqual(['notifications/message']);
    expect(await heard({ ...session, logLevel: 'error' })).toEqual([]);
    expect(await heard(stateless)).toEqual([]);
    expect(await heard({ ...stateless, logLevel: 'debug' })).toEqual(['notifications/message']);
    const level = await executor.request('fixture', 'logging/setLevel', { level: 'error' }, session);
    expect(level).toEqual({ ok: true, result: {} });
    expect(await executor.request('fixture', 'ping', undefined, session)).toEqual({ ok: true, result: {} });
  });

  it('reports progress under the caller’s token', async () => {
    const order: unknown[] = [];
    const onPart = ({ params }: ExecutePart) => order.push(params);
    await executor.call(
      'fixture',
      'test_tool_with_progress',
      {},
      { client: stateless, meta: { progressToken: 7 }, onPart },
    );
    expect(order).toMatchObject([0, 50, 100].map((progress) => ({ progress, progressToken: 7 })));
  });

  it('is stopped in the middle of a call by a cancellation', async () => {
    const callId = newId();
    const stats = async () => {
      const reply = await executor.call('fixture', 'fx_stats', {}, { client: stateless });
      const { structuredContent } = (reply as { result: { structuredContent: { calls: number; cancelled: number } } })
        .result;
      return structuredContent;
    };
    const before = await stats();
    const slow = executor.call('fixture', 'fx_slow', { ms: 60_000 }, { callId, client: stateless });
    let asked = 0;
    // what has not begun cannot be stopped; each question is a call, too
    await until(async () => expect((await stats()).calls).toBe(before.calls + ++asked + 1));
    await executor.control({ kind: 'cancel', requestId: callId });
    expect(await slow).toMatchObject({ ok: false });
    await until(async () => expect((await stats()).cancelled).toBe(before.cancelled + 1));
  });
});

describe.skipIf(!hasConformanceFixture())('a modern server over HTTP', () => {
  let executor: Harness;
  let fixture: ServerUnderTest;

  beforeAll(async () => {
    fixture = await startConformanceFixture(undefined, 'modern');
    executor = await Harness.start([definition('fixture', { kind: 'http', url: fixture.url, headers: {} })]);
  });
  afterAll(async () => {
    await executor.stop();
    await fixture.stop();
  });

  it('serves all sessions over one connection, each with its own subscriptions', async () => {
    const uri = 'test://watched-resource';
    const other = { ...session, sessionId: 's-2' };
    const touch = () => executor.call('fixture', 'fx_touch', {}, { client: other });
    const told = () => executor.pushes.filter(({ method }) => method === 'notifications/resources/updated');
    // a call that comes before anything is known of the server gets a connection of its own
    await until(async () => expect(await executor.events({ type: 'catalogue.changed' })).toHaveLength(1));
    await touch();
    await executor.call('fixture', 'fx_touch', {}, { client: session });
    for (const client of [session, other]) {
      expect(await executor.request('fixture', 'resources/subscribe', { uri }, client)).toMatchObject({ ok: true });
    }
    await touch();
    await until(() =>
      expect(
        told()
          .map(({ sessionId }) => sessionId)
          .sort(),
      ).toEqual(['s-1', 's-2']),
    );
    // the wish of one is not the end of the other's
    await executor.request('fixture', 'resources/unsubscribe', { uri }, other);
    await until(async () => {
      await touch();
      expect(told().filter(({ sessionId }) => sessionId === 's-1').length).toBeGreaterThan(1);
    });
    await executor.control({ kind: 'session-closed', sessionId: 's-1' });
    const { pools } = (await (await fetch(`${executor.service.url}/pools`)).json()) as { pools: PoolView[] };
    expect(pools[0]!.connections).toHaveLength(1);
    await until(async () => {
      const now = (await (await fetch(`${executor.service.url}/pools`)).json()) as { pools: PoolView[] };
      expect(now.pools[0]!.connections[0]!.subscriptions).toBe(0);
    });
    expect(told().filter(({ sessionId }) => sessionId === 's-2')).toHaveLength(1);
  });

  it('gets the arguments that it wants to see in headers', async () => {
    // the fixture refuses a call whose headers do not repeat them
    const reply = await executor.call(
      'fixture',
      'test_x_mcp_header',
      { region: 'Zürich', level: 3 },
      { client: stateless },
    );
    expect(textOf(reply)).toBe('region=Zürich');
  });

  it('tells of its lists when they change', async () => {
    const catalogues = async () => (await executor.events({ type: 'catalogue.changed' })).length;
    await until(async () => expect(await catalogues()).toBe(1));
    await executor.call('fixture', 'test_trigger_tool_change', {}, { client: stateless });
    await until(async () => expect(await catalogues()).toBe(2));
  });
});

describe.skipIf(!hasConformanceFixture()).each(['stdio', 'http'] as const)(
  'a legacy server over %s, and clients of the modern era',
  (transport) => {
    let executor: Harness;
    let fixture: ServerUnderTest | undefined;

    beforeAll(async () => {
      if (transport === 'http') fixture = await startConformanceFixture();
      const target = fixture ? { kind: 'http' as const, url: fixture.url, headers: {} } : conformanceStdio();
      executor = await Harness.start([definition('fixture', target, SLOW.settings)], SLOW.section);
    });
    afterAll(async () => {
      await executor.stop();
      await fixture?.stop();
    });

    it('asks each the question that belongs to its own call', async () => {
      const run = async (prompt: string) => {
        const callId = newId();
        const asked: string[] = [];
        const onPart = (part: ExecutePart) => {
          if (part.kind !== 'request') return;
          asked.push(JSON.stringify(part.params));
          const result = sampled(`answer to ${prompt}`);
          // late, so that the calls overlap
          setTimeout(
            () => void executor.answer(part.inbox, { kind: 'response', requestId: callId, id: part.id, result }),
            50,
          );
        };
        const options = { callId, client: stateless, onPart };
        const reply = await executor.call('fixture', 'test_sampling', { prompt }, options);
        return { asked, text: textOf(reply) };
      };
      const prompts = ['one', 'two', 'three', 'four', 'five', 'six'];
      const all = await Promise.all(prompts.map(run));
      for (const [index, { asked, text }] of all.entries()) {
        expect(asked).toEqual([expect.stringContaining(`"${prompts[index]}"`)]);
        expect(text).toContain(`answer to ${prompts[index]}`);
      }
    });

    it('is not asked anything by who can answer nothing', async () => {
      const client = { protocolVersion: '2026-07-28', capabilities: {} };
      const heard: ExecutePart[] = [];
      const onPart = (part: ExecutePart) => heard.push(part);
      const reply = await executor.call('fixture', 'fx_echo', { a: 1 }, { client, onPart });
      expect(reply).toMatchObject({ ok: true, result: { structuredContent: { args: { a: 1 } } } });
      expect(heard).toEqual([]);
    });
  },
);

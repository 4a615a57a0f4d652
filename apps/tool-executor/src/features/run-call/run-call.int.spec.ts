import { newId, type ExecutePart, type ExecuteReply } from '@signalbox/contracts';
import {
  conformanceStdio,
  hasConformanceFixture,
  packagedServer,
  startConformanceFixture,
  type ServerUnderTest,
} from '@signalbox/testing/mcp-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definition, Harness, until } from '../../../test/harness.js';

const textOf = (reply: ExecuteReply) =>
  reply.ok ? (reply.result as { content: { text: string }[] }).content[0]!.text : `error: ${reply.error.message}`;
const typesOf = (events: { type: string }[]) => events.map(({ type }) => type);

describe('a call to a stdio server', () => {
  let executor: Harness;
  beforeAll(async () => {
    executor = await Harness.start([
      definition('everything', packagedServer('server-everything'), { pool: { min: 2 } }),
    ]);
  });
  afterAll(() => executor.stop());

  it('is claimed, started, completed, and answered', async () => {
    const callId = newId();
    const reply = await executor.call('everything', 'echo', { message: 'hi', password: 'p' }, { callId });
    expect(textOf(reply)).toBe('Echo: hi');
    const events = await executor.events({ correlationId: callId });
    expect(typesOf(events)).toEqual(['tool.call.started', 'tool.call.completed']);
    expect(events[0]!.data).toMatchObject({
      server: 'everything',
      tool: 'echo',
      executor: 'tool-executor-1',
      attempt: 1,
    });
    expect(events[1]!.data).toMatchObject({ isError: false, result: { content: [{ text: 'Echo: hi' }] } });
    expect(events[1]!.stream).toBe(`attempt-tool-executor-1-${callId}.1`);
    expect(await executor.ports.events.claimHolder(`attempt:${callId}:1`)).toMatchObject({ actor: 'tool-executor-1' });
  });

  it('is not run again under the same claim, but answered with what is recorded', async () => {
    const callId = newId();
    await executor.call('everything', 'echo', { message: 'once' }, { callId });
    const again = await executor.call('everything', 'echo', { message: 'twice' }, { callId });
    expect(textOf(again)).toBe('Echo: once');
    expect(again).toMatchObject({ result: { _meta: { 'io.signalbox/replayed': true } } });
    expect(typesOf(await executor.events({ correlationId: callId }))).toEqual([
      'tool.call.started',
      'tool.call.completed',
    ]);
  });

  it('ends as completed with isError when the tool says so, and as failed for a JSON-RPC error', async () => {
    const callId = newId();
    const reply = await executor.call('everything', 'no-such-tool', {}, { callId });
    const [, outcome] = await executor.events({ correlationId: callId });
    if (reply.ok) expect(outcome).toMatchObject({ type: 'tool.call.completed', data: { isError: true } });
    else expect(outcome).toMatchObject({ type: 'tool.call.failed', data: { error: reply.error, retryable: false } });
  });

  it('is answered without waiting for the log when it is a read', async () => {
    const callId = newId();
    const reply = await executor.call('everything', 'echo', { message: 'r' }, { callId, safetyClass: 'read' });
    expect(reply.ok).toBe(true);
    await until(async () =>
      expect(typesOf(await executor.events({ correlationId: callId }))).toEqual([
        'tool.call.started',
        'tool.call.completed',
      ]),
    );
  });

  it('that is late is not started', async () => {
    const callId = newId();
    const reply = await executor.call('everything', 'echo', { message: 'late' }, { callId, deadlineMs: -1 });
    expect(reply).toMatchObject({ ok: false, error: { code: -32001 }, retryable: false });
    expect(typesOf(await executor.events({ correlationId: callId }))).toEqual(['tool.call.expired']);
    expect(await executor.ports.events.claimHolder(`attempt:${callId}:1`)).toBeDefined();
  });

  it('forwards other requests, without a trace in the log', async () => {
    const reply = await executor.request('everything', 'prompts/list');
    expect(reply).toMatchObject({ ok: true, result: { prompts: expect.any(Array) } });
    const unknown = await executor.request('everything', 'no/such/method', {});
    expect(unknown).toMatchObject({ ok: false, error: { code: -32601 } });
  });

  it('hears of changes at the client, and may ask it outside of any call', async () => {
    const client = { sessionId: 's-roots', capabilities: { roots: { listChanged: true } } };
    await executor.call('everything', 'echo', { message: 'x' }, { client });
    const asked = () =>
      executor.pushes.filter(({ method, sessionId }) => method === 'roots/list' && sessionId === 's-roots');
    const known = asked().length;
    await executor.control({ kind: 'notify', sessionId: 's-roots', method: 'notifications/roots/list_changed' });
    await until(() => expect(asked().length).toBeGreaterThan(known));
    const { id, requestId, inbox } = asked().at(-1)!.request!;
    const roots = [{ uri: 'file:///tmp/project', name: 'project' }];
    await executor.answer(inbox, { kind: 'response', requestId, id, result: { roots } });
    await until(async () =>
      expect(textOf(await executor.call('everything', 'get-roots-list', {}, { client }))).toContain(
        'file:///tmp/project',
      ),
    );
  });

  it('gives two sessions a process each while both are at work', async () => {
    await until(async () => {
      const { pools } = (await (await fetch(`${executor.service.url}/pools`)).json()) as { pools: { size: number }[] };
      expect(pools[0]!.size).toBeGreaterThanOrEqual(2);
    });
    const slow = { duration: 2, steps: 1 };
    const run = (sessionId: string) =>
      executor.call('everything', 'trigger-long-running-operation', slow, { client: { sessionId } });
    const both = Promise.all([run('s-one'), run('s-one'), run('s-two')]);
    const pids = await until(async () => {
      const { calls } = (await (await fetch(`${executor.service.url}/calls/running`)).json()) as {
        calls: { phase: string; pid: number }[];
      };
      const running = calls.filter(({ phase }) => phase === 'running').map(({ pid }) => pid);
      expect(running).toHaveLength(3);
      return running;
    });
    expect(new Set(pids).size).toBe(2);
    for (const reply of await both) expect(reply.ok).toBe(true);
  });

  it('fails clearly when its process is killed in the middle; the next call runs on a new one', async () => {
    const callId = newId();
    const args = { duration: 20, steps: 2 };
    const slow = executor.call('everything', 'trigger-long-running-operation', args, {
      callId,
      client: { sessionId: 's-kill' },
    });
    const pid = await until(async () => {
      const { calls } = (await (await fetch(`${executor.service.url}/calls/running`)).json()) as {
        calls: { callId: string; phase: string; pid: number }[];
      };
      const mine = calls.find((call) => call.callId === callId && call.phase === 'running');
      expect(mine?.pid).toBeGreaterThan(0);
      return mine!.pid;
    });
    process.kill(pid, 'SIGKILL');
    const reply = await slow;
    expect(reply).toMatchObject({ ok: false, retryable: false });
    expect(textOf(reply)).toMatch(/"everything".*killed by SIGKILL/);
    const events = await executor.events({ correlationId: callId });
    expect(typesOf(events)).toEqual(['tool.call.started', 'tool.call.outcome_unknown']);
    expect(textOf(await executor.call('everything', 'echo', { message: 'back' }))).toBe('Echo: back');
  });
});

describe.skipIf(!hasConformanceFixture()).each(['stdio', 'http'] as const)(
  'a call to the fixture over %s',
  (transport) => {
    let executor: Harness;
    let fixture: ServerUnderTest | undefined;
    const session = { sessionId: 's-1', capabilities: { sampling: {}, elicitation: {}, roots: {} } };

    beforeAll(async () => {
      if (transport === 'http') fixture = await startConformanceFixture();
      const target = fixture ? { kind: 'http' as const, url: fixture.url, headers: {} } : conformanceStdio();
      executor = await Harness.start([definition('fixture', target)]);
    });
    afterAll(async () => {
      await executor.stop();
      await fixture?.stop();
    });

    it('brings progress to the client before the reply, and into the log', async () => {
      const callId = newId();
      const order: unknown[] = [];
      const options = { callId, client: session, meta: { progressToken: 'mine' } };
      const reply = await executor.call(
        'fixture',
        'test_tool_with_progress',
        {},
        {
          ...options,
          onPart: (part) => order.push((part.params as { progress: number; progressToken: string }).progress),
        },
      );
      order.push('reply');
      expect(textOf(reply)).toContain('progressToken');
      expect(order).toEqual([0, 50, 100, 'reply']);
      const events = await executor.events({ correlationId: callId });
      expect(events[0]!.type).toBe('tool.call.started');
      expect(events.at(-1)!.type).toBe('tool.call.completed');
      const progress = events.filter(({ type }) => type === 'tool.call.progressed');
      expect(progress[0]!.data).toMatchObject({ progress: 0 });
      expect(progress.at(-1)!.data).toMatchObject({ progress: 100 });
    });

    it('lets the server sample the client in the middle of it', async () => {
      const parts: ExecutePart[] = [];
      const callId = newId();
      const reply = await executor.call(
        'fixture',
        'test_sampling',
        { prompt: 'capital of France?' },
        {
          callId,
          client: session,
          onPart: (part) => {
            parts.push(part);
            if (part.kind !== 'request') return;
            const result = { role: 'assistant', content: { type: 'text', text: 'Paris' }, model: 'm' };
            void executor.answer(part.inbox, { kind: 'response', requestId: callId, id: part.id, result });
          },
        },
      );
      expect(textOf(reply)).toBe('LLM response: Paris');
      expect(parts).toMatchObject([{ kind: 'request', method: 'sampling/createMessage' }]);
    });

    it('brings log messages to a session, and to nobody else', async () => {
      const heard = async (client: object) => {
        const methods: string[] = [];
        await executor.call(
          'fixture',
          'test_tool_with_logging',
          {},
          { client, onPart: ({ method }) => methods.push(method) },
        );
        return methods;
      };
      const debug = { ...session, sessionId: 's-log', logLevel: 'debug' };
      expect(await heard(debug)).toEqual(Array(3).fill('notifications/message'));
      expect(await heard({})).toEqual([]);
      const level = await executor.request('fixture', 'logging/setLevel', { level: 'error' }, session);
      expect(level).toMatchObject({ ok: true });
      expect(await heard({ ...session, logLevel: 'error' })).toEqual([]);
    });

    it('is stopped at the server when the client cancels it', async () => {
      const callId = newId();
      let asked = 0;
      const stats = async (): Promise<{ calls: number; cancelled: number }> => {
        asked++;
        const reply = await executor.call('fixture', 'fx_stats', {}, { client: session });
        return (reply as any).result.structuredContent;
      };
      const before = await stats();
      asked = 0;
      const slow = executor.call('fixture', 'fx_slow', { ms: 20_000 }, { callId, client: session });
      // what is cancelled before it was sent is never heard of there
      await until(async () => expect((await stats()).calls - before.calls).toBe(asked + 1));
      await executor.control({ kind: 'cancel', requestId: callId, reason: 'enough' });
      expect(await slow).toMatchObject({ ok: false, error: { message: 'cancelled: enough' } });
      expect((await executor.events({ correlationId: callId })).at(-1)).toMatchObject({
        type: 'tool.call.cancelled',
        data: { reason: 'enough' },
      });
      await until(async () => expect((await stats()).cancelled).toBe(before.cancelled + 1));
    });

    it('expires at its deadline, which the server is told', async () => {
      const callId = newId();
      const started = Date.now();
      const reply = await executor.call(
        'fixture',
        'fx_slow',
        { ms: 20_000 },
        { callId, client: session, deadlineMs: 400 },
      );
      expect(reply).toMatchObject({ ok: false, error: { code: -32001 } });
      expect(Date.now() - started).toBeLessThan(15_000);
      expect(typesOf(await executor.events({ correlationId: callId }))).toEqual([
        'tool.call.started',
        'tool.call.expired',
      ]);
    });

    it('keeps what the client sent and the server answered', async () => {
      const reply = await executor.call('fixture', 'fx_echo', { deep: { ä: [1, null] } }, { meta: { 'a/b': 'c' } });
      expect(reply).toMatchObject({
        ok: true,
        result: {
          structuredContent: {
            args: { deep: { ä: [1, null] } },
            meta: { 'a/b': 'c', traceparent: expect.any(String) },
          },
          _meta: { 'fixture.example/echo': 'kept' },
        },
      });
    });

    it('puts a large result into the blob store', async () => {
      const callId = newId();
      const reply = await executor.call('fixture', 'fx_big', { bytes: 200_000 }, { callId });
      expect(textOf(reply)).toHaveLength(200_000);
      const outcome = (await executor.events({ correlationId: callId })).at(-1)!;
      expect(outcome.data).toMatchObject({ result: { $blob: { bytes: expect.any(Number) } } });
    });

    it('updates reach the sessions that subscribed, and no others', async () => {
      const uri = 'test://watched-resource';
      const other = { ...session, sessionId: 's-2' };
      const subscribed = await executor.request('fixture', 'resources/subscribe', { uri }, session);
      expect(subscribed.ok).toBe(true);
      await executor.call('fixture', 'fx_touch', {}, { client: other });
      const updates = () => executor.pushes.filter(({ method }) => method === 'notifications/resources/updated');
      await until(() => expect(updates()).toHaveLength(1));
      expect(updates()[0]).toMatchObject({ sessionId: 's-1', server: 'fixture', params: { uri } });
      await executor.request('fixture', 'resources/unsubscribe', { uri }, session);
      const touched = await executor.call('fixture', 'fx_touch', {}, { client: other });
      expect(textOf(touched)).toContain('told 0 session(s)');
      expect(updates()).toHaveLength(1);
    });

    it('that changes the tools makes a new catalogue', async () => {
      const tools = async () => {
        const events = await executor.events({ type: 'catalogue.changed' });
        return events.map(({ data }) => (data as { tools: { name: string }[] }).tools.map(({ name }) => name));
      };
      await until(async () => expect(await tools()).toHaveLength(1));
      const [before] = await tools();
      await executor.call('fixture', 'test_trigger_tool_change', {}, { client: session });
      if (transport === 'stdio') return; // each process has tools of its own there
      await until(async () => expect(await tools()).toHaveLength(2));
      expect((await tools())[1]).not.toEqual(before);
    });
  },
);

import { EXECUTOR_CONTROL, executorInbox, gatewayInbox, newId, type ExecutorControl } from '@signalbox/contracts';
import type { Delivery } from '@signalbox/ports';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, WireClient, type GatewayUnderTest } from '../../../test/gateway-under-test.js';
import { SseReader } from '../../../test/sse-reader.js';

const INBOX = executorInbox('tool-executor-1');
const tool = (name: string) => ({ name, inputSchema: { type: 'object' } });

let gateway: GatewayUnderTest;
const controls: ExecutorControl[] = [];
const answers: ExecutorControl[] = [];
/** Deliveries of the tool `held`, which the tests answer themselves. */
const held: Delivery[] = [];

beforeAll(async () => {
  gateway = await startGateway({ gateway: { streams: { upgradeAfterMs: 100, retryMs: 77 } } });
  const { bus } = gateway.ports;
  await bus.consume({ name: 'control', topics: [EXECUTOR_CONTROL], exclusive: true }, ({ body }) => {
    controls.push(body as ExecutorControl);
  });
  await bus.consume({ name: INBOX }, ({ body }) => {
    answers.push(body as ExecutorControl);
  });
  const tools = ['progress', 'held', 'ask', 'slow'].map(tool);
  await gateway.serve('s', { tools, resources: [{ uri: 'x://1', name: 'one' }] }, async (command, delivery) => {
    const { requestId, method, params } = command;
    const progressToken = (params?.['_meta'] as { progressToken?: unknown })?.progressToken;
    if (method !== 'tools/call') return { ok: true, result: {} };
    switch (command.call!.tool) {
      case 'progress':
        for (const progress of [1, 2]) {
          delivery.part({
            kind: 'notification',
            method: 'notifications/progress',
            params: { progressToken, progress },
          });
        }
        delivery.part({ kind: 'notification', method: 'notifications/message', params: { level: 'info', data: 'hi' } });
        return { ok: true, result: { content: [], token: progressToken ?? null } };
      case 'ask': {
        const { question } = params!['arguments'] as { question: string };
        delivery.part({ kind: 'request', id: 'q1', inbox: INBOX, method: question, params: { a: 1 } });
        await waitFor(() => answers.some((answer) => 'requestId' in answer && answer.requestId === requestId));
        const answer = answers.find((given) => 'requestId' in given && given.requestId === requestId);
        return { ok: true, result: { content: [], answer } };
      }
      case 'slow':
        await new Promise((resolve) => setTimeout(resolve, 300));
        return { ok: true, result: { content: [] } };
      default:
        held.push(delivery);
        return undefined;
    }
  });
  const probe = await connect();
  await waitFor(async () => (await probe.request('tools/list')).body.result.tools.length === 4);
});
afterAll(() => gateway.stop());

async function connect(capabilities: object = {}, revision?: string, headers = {}): Promise<WireClient> {
  const client = new WireClient(`${gateway.url}/mcp`, headers);
  await client.initialize(capabilities, revision);
  return client;
}

function call(client: WireClient, id: number | string, name: string, more: object = {}): Promise<Response> {
  return client.post({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, ...more } });
}

/** Waits for the next call of `held`, and gives its delivery. */
async function nextHeld(): Promise<Delivery> {
  await waitFor(() => held.length > 0);
  return held.shift()!;
}

describe('the answer to a call', () => {
  it('is JSON when the result is the first thing', async () => {
    const client = await connect();
    const response = await client.post({ jsonrpc: '2.0', id: 'x', method: 'ping' });
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({ jsonrpc: '2.0', id: 'x', result: {} });
  });

  it('is a primed stream when progress comes first; tokens are each side’s own', async () => {
    const client = await connect();
    const response = await call(client, 9, 'progress', { _meta: { progressToken: 'mine' } });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const reader = new SseReader(response);
    await reader.done;
    expect(reader.retry).toBe(77);
    const messages = reader.events.filter(({ data }) => data).map(({ data }) => data);
    expect(messages.map(({ method, id }) => method ?? id)).toEqual([
      'notifications/progress',
      'notifications/progress',
      'notifications/message',
      9,
    ]);
    expect(messages[0].params).toEqual({ progressToken: 'mine', progress: 1 });
    const { result } = messages[3];
    expect(result.token).toBe(result._meta['io.signalbox/callId']);
    expect(new Set(reader.events.map(({ id }) => id)).size).toBe(reader.events.length);
  });

  it('has no priming event before 2025-11-25, and no progress for a client that wants none', async () => {
    const client = await connect({}, '2025-06-18');
    const text = await (await call(client, 1, 'progress')).text();
    expect(text).not.toContain('retry');
    expect(text).not.toContain('notifications/progress');
    expect(text).toContain('notifications/message');
  });

  it('leaves out messages below the level that the client asked for', async () => {
    const client = await connect();
    await client.request('logging/setLevel', { level: 'error' });
    expect(await (await call(client, 1, 'progress')).text()).not.toContain('notifications/message');
  });

  it('is JSON for a client that takes no streams', async () => {
    const client = await connect({}, undefined, { accept: 'application/json' });
    const response = await call(client, 2, 'progress', { _meta: { progressToken: 1 } });
    expect(response.headers.get('content-type')).toBe('application/json');
    expect((await response.json()).id).toBe(2);
  });

  it('stays JSON when it takes long for a client that takes anything, as curl does', async () => {
    const client = await connect({}, undefined, { accept: '*/*' });
    const response = await call(client, 3, 'slow');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect((await response.json()).result.content).toEqual([]);
  });

  it('becomes a stream when it takes long', async () => {
    const client = await connect();
    const reader = new SseReader(await call(client, 3, 'slow'));
    await reader.done;
    expect(reader.events.at(-1)!.data).toMatchObject({ id: 3, result: { content: [] } });
  });
});

describe('questions of servers', () => {
  it('go on the stream of their call, and the answer goes back', async () => {
    const client = await connect({ sampling: {} });
    const reader = new SseReader(await call(client, 1, 'ask', { arguments: { question: 'sampling/createMessage' } }));
    const { data } = await reader.find((event) => event.data?.method === 'sampling/createMessage');
    expect(data.params).toEqual({ a: 1 });
    const answered = await client.post({ jsonrpc: '2.0', id: data.id, result: { text: 'yes' } });
    expect(answered.status).toBe(202);
    const { data: last } = await reader.find((event) => event.data?.id === 1);
    expect(last.result.answer).toMatchObject({ kind: 'response', id: 'q1', result: { text: 'yes' } });
  });

  it.each(['sampling/createMessage', 'elicitation/create', 'roots/list', 'made/up'])(
    'are refused for a client without the ability: %s',
    async (question) => {
      const client = await connect({});
      const reader = new SseReader(await call(client, 1, 'ask', { arguments: { question } }));
      const { data } = await reader.find((event) => event.data?.id === 1);
      expect(data.result.answer.error.code).toBe(-32601);
      expect(reader.events.some((event) => event.data?.method === question)).toBe(false);
    },
  );

  it('cannot be answered by another session', async () => {
    const [client, other] = [await connect({ sampling: {} }), await connect({ sampling: {} })];
    const reader = new SseReader(await call(client, 1, 'ask', { arguments: { question: 'sampling/createMessage' } }));
    const { data } = await reader.find((event) => event.data?.method !== undefined);
    await other.post({ jsonrpc: '2.0', id: data.id, result: { text: 'mine' } });
    await client.post({ jsonrpc: '2.0', id: data.id, result: { text: 'right' } });
    const { data: last } = await reader.find((event) => event.data?.id === 1);
    expect(last.result.answer.result).toEqual({ text: 'right' });
  });
});

describe('cancellation', () => {
  it('ends the response without an answer and reaches the executors', async () => {
    const client = await connect();
    const response = call(client, 41, 'held');
    const delivery = await nextHeld();
    await client.post({
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: 41, reason: 'enough' },
    });
    const ended = await response;
    expect(await ended.text()).not.toContain('result');
    const { requestId } = delivery.body as { requestId: string };
    await waitFor(() => controls.some((control) => control.kind === 'cancel' && control.requestId === requestId));
    delivery.reply({ ok: false, error: { code: -32000, message: 'cancelled' }, retryable: false });
    // nobody had claimed it: the gateway records the outcome
    await waitFor(async () => (await gateway.events('tool.call.cancelled')).length === 1);
  });

  it('of an unknown request changes nothing', async () => {
    const client = await connect();
    const response = await client.post({
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: 'none' },
    });
    expect(response.status).toBe(202);
  });

  it('is not what a broken connection is: the answer can be had by Last-Event-ID', async () => {
    const client = await connect();
    const abort = new AbortController();
    const response = await fetch(client.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-session-id': client.sessionId!,
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'held' } }),
      signal: abort.signal,
    });
    const reader = new SseReader(response);
    const delivery = await nextHeld();
    delivery.part({ kind: 'notification', method: 'notifications/message', params: { level: 'info', data: 1 } });
    const first = await reader.find((event) => event.data?.method === 'notifications/message');
    abort.abort();
    await reader.done;
    delivery.part({ kind: 'notification', method: 'notifications/message', params: { level: 'info', data: 2 } });
    const resumed = new SseReader(await client.get({ 'last-event-id': first.id! }));
    await resumed.find((event) => event.data?.params?.data === 2);
    delivery.reply({ ok: true, result: { content: [], late: true } });
    await resumed.done;
    expect(resumed.events.map(({ data }) => data.params?.data ?? data.result.late)).toEqual([2, true]);
    // and once more, after everything is over
    const again = new SseReader(await client.get({ 'last-event-id': first.id! }));
    await again.done;
    expect(again.events).toEqual(resumed.events);
    const { requestId } = delivery.body as { requestId: string };
    expect(controls.some((control) => control.kind === 'cancel' && control.requestId === requestId)).toBe(false);
  });

  it('Last-Event-ID of a stream that is not there is 400', async () => {
    const client = await connect();
    expect((await client.get({ 'last-event-id': 'c99.1' })).status).toBe(400);
    expect((await client.get({ 'last-event-id': 'nonsense' })).status).toBe(400);
  });
});

describe('the general stream', () => {
  async function push(body: object): Promise<void> {
    await gateway.ports.bus.send(gatewayInbox('gateway-1'), { id: newId(), type: 'push', body });
  }

  it('brings updates to the sessions that subscribed, and to no others', async () => {
    const [subscriber, other] = [await connect(), await connect()];
    expect((await subscriber.request('resources/subscribe', { uri: 'x://1' })).body.result).toEqual({});
    const abort = new AbortController();
    const [mine, theirs] = [
      new SseReader(await subscriber.get({}, abort.signal)),
      new SseReader(await other.get({}, abort.signal)),
    ];
    await push({ server: 's', method: 'notifications/resources/updated', params: { uri: 'x://1' } });
    await mine.find((event) => event.data?.method === 'notifications/resources/updated');
    await gateway.serve('late', { tools: [tool('new')] });
    await theirs.find((event) => event.data?.method === 'notifications/tools/list_changed');
    expect(theirs.events.some((event) => event.data?.method === 'notifications/resources/updated')).toBe(false);
    abort.abort();
  });

  it('says that a list changed only when it did', async () => {
    const client = await connect();
    const abort = new AbortController();
    const reader = new SseReader(await client.get({}, abort.signal));
    await gateway.serve('more', { tools: [tool('a')] });
    await reader.find((event) => event.data?.method === 'notifications/tools/list_changed');
    await gateway.serve('more', { tools: [tool('a')] });
    await gateway.serve('more', { tools: [tool('a')], prompts: [{ name: 'p' }] });
    await reader.find((event) => event.data?.method === 'notifications/prompts/list_changed');
    const methods = reader.events.map(({ data }) => data?.method).filter(Boolean);
    expect(methods).toEqual(['notifications/tools/list_changed', 'notifications/prompts/list_changed']);
    abort.abort();
  });

  it('begins with what was said before the client opened it', async () => {
    const client = await connect();
    const { sessionId } = (await gateway.events('session.opened')).at(-1)!.data as { sessionId: string };
    await push({ sessionId, server: 's', method: 'notifications/message', params: { level: 'info', data: 'early' } });
    await client.request('ping');
    const abort = new AbortController();
    const reader = new SseReader(await client.get({}, abort.signal));
    await reader.find((event) => event.data?.params?.data === 'early');
    abort.abort();
  });

  it('carries questions that belong to no call', async () => {
    const client = await connect({ roots: {} });
    const { sessionId } = (await gateway.events('session.opened')).at(-1)!.data as { sessionId: string };
    const abort = new AbortController();
    const reader = new SseReader(await client.get({}, abort.signal));
    const request = { id: 'q', requestId: 'outside', inbox: INBOX };
    await push({ sessionId, server: 's', method: 'roots/list', request });
    const { data } = await reader.find((event) => event.data?.method === 'roots/list');
    await client.post({ jsonrpc: '2.0', id: data.id, result: { roots: [] } });
    await waitFor(() => answers.some((answer) => 'requestId' in answer && answer.requestId === 'outside'));
    abort.abort();
  });

  it('carries that such a question is taken back, to the session that was asked and by the id that it knows', async () => {
    const [client, other] = [await connect({ roots: {} }), await connect({ roots: {} })];
    const opened = await gateway.events('session.opened');
    const [sessionId, otherId] = opened.slice(-2).map(({ data }) => (data as { sessionId: string }).sessionId);
    const abort = new AbortController();
    const [mine, theirs] = [
      new SseReader(await client.get({}, abort.signal)),
      new SseReader(await other.get({}, abort.signal)),
    ];
    const ask = (to: string, inbox: string) => {
      const request = { id: 'q', requestId: 'outside', inbox };
      return push({ sessionId: to, server: 's', method: 'roots/list', request });
    };
    await ask(sessionId!, INBOX);
    await ask(otherId!, 'another-executor');
    const asked = ({ data }: { data?: any }): boolean => data?.method === 'roots/list';
    const { data } = await mine.find(asked);
    await theirs.find(asked);
    const cancelled = { sessionId, server: 's', method: 'notifications/cancelled' };
    // one of the same name, of another executor
    await push({ ...cancelled, params: { requestId: 'q' }, withdraws: { id: 'q', inbox: 'another-executor' } });
    await push({ ...cancelled, params: { requestId: 'q', reason: 'no' }, withdraws: { id: 'q', inbox: INBOX } });
    await mine.find((event) => event.data?.method === 'notifications/cancelled');
    const told = ({ events }: SseReader) =>
      events.filter((event) => event.data?.method === 'notifications/cancelled').map((event) => event.data.params);
    expect(told(mine)).toEqual([{ requestId: data.id, reason: 'no' }]);
    await push({
      sessionId: otherId,
      server: 's',
      method: 'notifications/message',
      params: { level: 'info', data: 'last' },
    });
    await theirs.find((event) => event.data?.params?.data === 'last');
    expect(told(theirs)).toEqual([]);
    abort.abort();
  });

  it('closing a session tells the executors', async () => {
    const client = await connect();
    await fetch(client.url, { method: 'DELETE', headers: { 'mcp-session-id': client.sessionId! } });
    await waitFor(() =>
      controls.some((control) => control.kind === 'session-closed' && client.sessionId!.includes(control.sessionId)),
    );
  });
});

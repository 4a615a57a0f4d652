import { createEmbeddedPorts } from '@signalbox/adapter-embedded';
import { createEvent, EXECUTOR_CONTROL, gatewayInbox, newId, type ExecutorControl } from '@signalbox/contracts';
import type { RunningService } from '@signalbox/nest-kit';
import { StoreUnavailableError, type Delivery, type PortSet } from '@signalbox/ports';
import { waitFor } from '@signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contextOf, startGateway, WireClient, type GatewayUnderTest } from '../../../test/gateway-under-test.js';
import { SseReader } from '../../../test/sse-reader.js';
import { start } from '../../index.js';

const IDLE_MS = 1_200;
const OPTIONS = {
  gateway: {
    sessions: { idleMs: IDLE_MS, sweepMs: 20, unknownMs: 1, storeTimeoutMs: 300 },
    streams: { upgradeAfterMs: 30 },
    catalogue: { settleMs: 10 },
  },
};
const tool = { name: 't', inputSchema: { type: 'object' } };
let ports: PortSet & { close(): Promise<void> };
let one: GatewayUnderTest;
let two: RunningService;
const controls: ExecutorControl[] = [];

beforeEach(async () => {
  controls.length = 0;
  ports = await createEmbeddedPorts({ dataDir: ':memory:' });
  await ports.bus.consume({ name: 'test.control', topics: [EXECUTOR_CONTROL], exclusive: true }, ({ body }) => {
    controls.push(body as ExecutorControl);
    return 'ack';
  });
  one = await startGateway({ ...OPTIONS, ports });
  two = await start({ ...contextOf(ports, OPTIONS), instanceId: 'gateway-2' });
});
afterEach(async () => {
  await two.stop();
  await one.stop();
});

/** A client of the first gateway, and the same client as the second one sees it. */
async function connect(capabilities: object = {}): Promise<{ here: WireClient; there: WireClient }> {
  const [here, there] = [new WireClient(`${one.url}/mcp`), new WireClient(`${two.url}/mcp`)];
  await here.initialize(capabilities);
  there.sessionId = here.sessionId;
  return { here, there };
}
const end = (client: WireClient): Promise<Response> =>
  fetch(client.url, { method: 'DELETE', headers: { 'mcp-session-id': client.sessionId! } });
const closed = async (): Promise<unknown[]> => (await one.events('session.closed')).map(({ data }) => data);

describe('a session', () => {
  it('goes on at another gateway with what it was opened with, and with its log level', async () => {
    const clients: unknown[] = [];
    await one.serve('s', { tools: [tool] }, ({ client }) => {
      clients.push(client);
      return { ok: true, result: { content: [] } };
    });
    const { here, there } = await connect({ roots: {} });
    await here.request('logging/setLevel', { level: 'error' });
    // on a busy machine it has been said as well that the session is in use
    const levels = async () =>
      (await one.events('session.changed')).map(({ data }) => (data as { logLevel?: string }).logLevel);
    await waitFor(async () => (await levels()).includes('error'), { timeoutMs: 20_000 });
    await waitFor(async () => (await there.request('tools/list')).body.result.tools.length === 1);
    expect((await there.request('tools/call', { name: 's__t' })).body).toHaveProperty('result');
    const [opened] = await one.events('session.opened');
    expect(clients).toEqual([
      {
        principal: 'anonymous',
        protocolVersion: '2025-11-25',
        info: { name: 'wire', version: '1' },
        capabilities: { roots: {} },
        gateway: 'gateway-2',
        sessionId: (opened!.data as { sessionId: string }).sessionId,
        logLevel: 'error',
      },
    ]);
    expect(await one.events('session.opened')).toHaveLength(1);
  });

  it('needs its secret, its principal and its endpoint', async () => {
    await one.serve('s', { tools: [tool] });
    const { there } = await connect();
    const right = there.sessionId!;
    const [home, id, secret] = right.split('.');
    for (const wrong of [
      `${home}.${id}.${'0'.repeat(36)}`,
      `gateway-9.${id}.${secret}`,
      `${home}.${newId()}.${secret}`,
    ]) {
      there.sessionId = wrong;
      expect((await there.request('ping')).status).toBe(404);
    }
    await waitFor(async () => (await (await fetch(`${two.url}/tools`)).text()).includes('s__t'));
    const scoped = new WireClient(`${two.url}/servers/s/mcp`);
    scoped.sessionId = right;
    expect((await scoped.request('ping')).status).toBe(404);
    there.sessionId = right;
    expect((await there.request('ping')).status).toBe(200);
  });

  it('that is deleted at one gateway is closed at all, for ever', async () => {
    const { here, there } = await connect();
    await there.request('ping');
    const abort = new AbortController();
    const stream = new SseReader(await here.get({}, abort.signal));
    expect((await end(there)).status).toBe(204);
    await stream.done;
    expect((await here.request('ping')).status).toBe(404);
    expect((await there.request('ping')).status).toBe(404);
    expect(await closed()).toMatchObject([{ reason: 'client' }]);
    expect(controls.filter(({ kind }) => kind === 'session-closed')).toHaveLength(1);
  });

  it('that was forgotten by the message of its end is found to be closed', async () => {
    await two.stop();
    two = await start({
      ...contextOf(ports, { gateway: { sessions: { ...OPTIONS.gateway.sessions, recheckMs: 1 } } }),
      instanceId: 'gateway-2',
    });
    const { there } = await connect();
    await there.request('ping');
    const [opened] = await one.events('session.opened');
    const event = createEvent('session.closed', { sessionId: opened!.correlationId, reason: 'client' });
    await one.append('gateway-1', opened!.stream, event);
    await waitFor(async () => (await there.request('ping')).status === 404);
  });

  it('is not closed as idle while another gateway uses it, and is when nobody does', async () => {
    const { here, there } = await connect();
    await there.request('ping');
    const until = Date.now() + IDLE_MS * 2;
    await waitFor(
      async () => {
        expect((await there.request('ping')).status).toBe(200);
        return Date.now() > until;
      },
      { timeoutMs: IDLE_MS * 3, intervalMs: 20 },
    );
    expect(await closed()).toEqual([]);
    expect((await here.request('ping')).status).toBe(200);
    await waitFor(async () => (await closed()).length > 0, { timeoutMs: IDLE_MS * 4 });
    expect(await closed()).toMatchObject([{ reason: 'idle' }]);
    expect((await there.request('ping')).status).toBe(404);
  });
});

describe('what happens at one gateway for a session at another', () => {
  it('a call is cancelled, and a question answered, where it runs', async () => {
    let held: Delivery | undefined;
    const answers: ExecutorControl[] = [];
    await ports.bus.consume({ name: 'test.inbox' }, ({ body }) => {
      answers.push(body as ExecutorControl);
      return 'ack';
    });
    await one.serve('s', { tools: [tool] }, (_command, delivery) => {
      held = delivery;
      return undefined as never;
    });
    const { here, there } = await connect({ roots: {} });
    await waitFor(async () => (await here.request('tools/list')).body.result.tools.length === 1);
    await there.request('ping');
    const response = here.post({ jsonrpc: '2.0', id: 'mine', method: 'tools/call', params: { name: 's__t' } });
    await waitFor(() => held !== undefined);
    held!.part({ kind: 'request', id: 'q1', inbox: 'test.inbox', method: 'roots/list' });
    const reader = new SseReader(await response);
    const { data } = await reader.find((event) => event.data?.method === 'roots/list');
    await there.post({ jsonrpc: '2.0', id: data.id, result: { roots: [] } });
    await waitFor(() => answers.some((answer) => answer.kind === 'response' && answer.id === 'q1'));
    await there.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'mine' } });
    await waitFor(() => controls.some(({ kind }) => kind === 'cancel'));
    await reader.done;
    held!.reply({ ok: true, result: { content: [] } });
  });

  it('the stream of a session opens again elsewhere, says what is lost, and goes on', async () => {
    const { here, there } = await connect();
    const abort = new AbortController();
    const first = new SseReader(await here.get({}, abort.signal));
    const primed = await first.find((event) => event.id !== undefined);
    await one.service.stop();
    const response = await there.get({ 'last-event-id': primed.id! }, abort.signal);
    expect(response.status).toBe(200);
    const again = new SseReader(response);
    await again.find((event) => event.data?.method === 'notifications/tools/list_changed');
    const [opened] = await one.events('session.opened');
    const sessionId = opened!.correlationId;
    await waitFor(() =>
      controls.some((control) => control.kind === 'session-stream' && control.gateway === 'gateway-2'),
    );
    const body = { sessionId, server: 's', method: 'notifications/message', params: { level: 'info', data: 'on' } };
    await ports.bus.send(gatewayInbox('gateway-2'), { id: newId(), type: 'push', body });
    const { id } = await again.find((event) => event.data?.params?.data === 'on');
    expect(id).not.toMatch(/^g\./);
    abort.abort();
  });

  it('a stream that no gateway can have sent is unknown', async () => {
    const { there } = await connect();
    for (const id of ['c-1.3', 'nonsense']) expect((await there.get({ 'last-event-id': id })).status).toBe(400);
  });
});

describe('without the log', () => {
  const away = (): Promise<never> => Promise.reject(new StoreUnavailableError('away'));
  const RETRYABLE = { error: { code: -32012, data: { retryable: true } } };

  it('what a gateway knows goes on, all else is refused at once, and is there again with the log', async () => {
    const { here, there } = await connect();
    const { append, readStream } = ports.events;
    Object.assign(ports.events, { append: away, readStream: away });
    const other = new WireClient(`${two.url}/mcp`);
    try {
      expect((await here.request('ping')).status).toBe(200);
      expect(await there.request('ping')).toMatchObject({ status: 503, body: RETRYABLE });
      expect(await other.initialize()).toMatchObject({ status: 503, body: RETRYABLE });
      expect((await end(here)).status).toBe(503);
    } finally {
      Object.assign(ports.events, { append, readStream });
    }
    expect((await there.request('ping')).status).toBe(200);
    expect((await end(here)).status).toBe(204);
    expect((await there.request('ping')).status).toBe(404);
  });

  it('that hangs nothing waits for longer than it may', async () => {
    const { there } = await connect();
    const { append, readStream } = ports.events;
    const hanging: (() => void)[] = [];
    const hang = (): Promise<never> => new Promise((_, reject) => hanging.push(() => reject(new Error('no more'))));
    Object.assign(ports.events, { append: hang, readStream: hang });
    try {
      const began = performance.now();
      expect(await there.request('ping')).toMatchObject({ status: 503, body: RETRYABLE });
      expect(await new WireClient(`${two.url}/mcp`).initialize()).toMatchObject({ status: 503, body: RETRYABLE });
      expect(performance.now() - began).toBeLessThan(2_000);
    } finally {
      Object.assign(ports.events, { append, readStream });
      for (const release of hanging) release();
    }
  });
});

describe('a session whose gateway is gone', () => {
  it('is closed by another one when nobody has used it for the idle time, and executors hear of it', async () => {
    const { here } = await connect();
    const used = await connect();
    // its memory goes, and what it had said in the log stays, as when it is killed
    await one.service.stop();
    await waitFor(async () => (await closed()).length === 2, { timeoutMs: 20_000, what: 'the end of both sessions' });
    const ids = [here, used.here].map(({ sessionId }) => sessionId!.split('.')[1]);
    expect(await closed()).toEqual(expect.arrayContaining(ids.map((sessionId) => ({ sessionId, reason: 'idle' }))));
    await waitFor(() => controls.filter(({ kind }) => kind === 'session-closed').length === 2);
    expect((await used.there.request('ping')).status).toBe(404);
  });
});

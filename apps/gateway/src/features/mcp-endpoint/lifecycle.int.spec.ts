import { createEvent } from '@signalbox/contracts';
import { createEmbeddedPorts } from '@signalbox/adapter-embedded';
import type { Delivery } from '@signalbox/ports';
import { waitFor } from '@signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contextOf, startGateway, WireClient, type GatewayUnderTest } from '../../../test/gateway-under-test.js';
import { SseReader } from '../../../test/sse-reader.js';
import { start } from '../../index.js';

const OPTIONS = {
  gateway: {
    catalogue: { graceMs: 300, settleMs: 10 },
    // longer than it takes to open a stream, on a busy machine too
    sessions: { max: 2, idleMs: 5_000, sweepMs: 50 },
    streams: { keepAliveMs: 30, upgradeAfterMs: 50 },
  },
};
const tool = { name: 't', inputSchema: { type: 'object' } };
let gateway: GatewayUnderTest;
let ports: Awaited<ReturnType<typeof createEmbeddedPorts>>;

beforeEach(async () => {
  ports = await createEmbeddedPorts({ dataDir: ':memory:' });
  gateway = await startGateway({ ...OPTIONS, ports });
});
afterEach(() => gateway.stop());

async function connect(url = gateway.url): Promise<WireClient> {
  const client = new WireClient(`${url}/mcp`);
  await client.initialize();
  return client;
}
const names = async (client: WireClient): Promise<string[]> =>
  (await client.request('tools/list')).body.result.tools.map(({ name }: { name: string }) => name);
const reasons = async (): Promise<string[]> =>
  (await gateway.events('session.closed')).map(({ data }) => (data as { reason: string }).reason);

describe('sessions', () => {
  it('that are idle are closed, those with an open stream are not', async () => {
    const listening = await connect();
    const abort = new AbortController();
    const stream = await listening.get({}, abort.signal);
    const idle = await connect();
    await waitFor(async () => (await reasons()).includes('idle'), { timeoutMs: 30_000 });
    expect((await idle.request('ping')).status).toBe(404);
    expect((await listening.request('ping')).status).toBe(200);
    abort.abort();
    await stream.text().catch(() => undefined);
  });

  it('over the limit leave memory, the one that was idle for longest first, and come back when they are used', async () => {
    // on a busy machine they must not be idle for too long while they wait for their turn
    await gateway.stop();
    ports = await createEmbeddedPorts({ dataDir: ':memory:' });
    gateway = await startGateway({ gateway: { sessions: { max: 2, idleMs: 60_000 } }, ports });
    const clients = [await connect(), await connect(), await connect()];
    for (const client of clients) expect((await client.request('ping')).status).toBe(200);
    expect(await reasons()).toEqual([]);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toMatch(/^signalbox_mcp_sessions(\{.*\})? 2$/m);
  });
});

describe('a long stream', () => {
  it('carries comments while nothing happens', async () => {
    const client = await connect();
    const abort = new AbortController();
    const response = await client.get({}, abort.signal);
    const chunks: string[] = [];
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    while (!chunks.join('').includes(': keep-alive')) chunks.push((await reader.read()).value!);
    abort.abort();
  });
});

describe('the catalogue', () => {
  it('drops the tools of a dead server after the grace period, and says so', async () => {
    await gateway.serve('s', { tools: [tool] });
    // before the session: that the tools came is no news to it then
    await waitFor(async () => (await (await fetch(`${gateway.url}/tools`)).text()).includes('s__t'));
    const client = await connect();
    const abort = new AbortController();
    const reader = new SseReader(await client.get({}, abort.signal));
    const data = { server: 's', executor: 'tool-executor-1', error: 'crashed', attempt: 1 };
    await gateway.append('tool-executor-1', 'upstream-s', createEvent('server.failed', data));
    expect(await names(client)).toEqual(['s__t']);
    await reader.find((event) => event.data?.method === 'notifications/tools/list_changed');
    expect(await names(client)).toEqual([]);
    const { body } = await client.request('tools/call', { name: 's__t' });
    expect(body.error).toMatchObject({ code: -32010, data: { retryable: true } });
    abort.abort();
  });

  it('is there at once after a restart', async () => {
    await gateway.serve('s', { tools: [tool] });
    const second = await start({ ...contextOf(ports, OPTIONS), instanceId: 'gateway-2' });
    const client = await connect(second.url);
    expect(await names(client)).toEqual(['s__t']);
    await second.stop();
  });
});

describe('stopping', () => {
  it('finishes what runs, refuses what comes, and leaves sessions open in the log: they go on elsewhere', async () => {
    let held: Delivery | undefined;
    await gateway.serve('s', { tools: [tool] }, (_command, delivery) => {
      held = delivery;
      return undefined as never;
    });
    const client = await connect();
    await waitFor(async () => (await names(client)).length === 1);
    const answer = client.request('tools/call', { name: 's__t' });
    await waitFor(() => held !== undefined);
    const stopping = gateway.service.stop();
    await waitFor(async () => (await client.request('ping')).status === 503);
    held!.reply({ ok: true, result: { content: [], done: true } });
    expect((await answer).body.result.done).toBe(true);
    await stopping;
    expect(await reasons()).toEqual([]);
  });
});

it('clients that call at the same time each get their own answers', async () => {
  await gateway.service.stop();
  gateway = await startGateway({ ports: await createEmbeddedPorts({ dataDir: ':memory:' }) });
  await gateway.serve('s', { tools: [tool] }, async ({ params }, delivery) => {
    const { who, wait } = params!['arguments'] as { who: string; wait: number };
    delivery.part({ kind: 'notification', method: 'notifications/message', params: { level: 'info', data: who } });
    await new Promise((resolve) => setTimeout(resolve, wait));
    return { ok: true, result: { content: [], who } };
  });
  const clients = await Promise.all(Array.from({ length: 5 }, () => connect()));
  await waitFor(async () => (await names(clients[0]!)).length === 1);
  const calls = clients.flatMap((client, one) =>
    Array.from({ length: 10 }, async (_, two) => {
      const who = `${one}-${two}`;
      const call = { name: 's__t', arguments: { who, wait: (two * 7) % 30 } };
      const response = await client.post({ jsonrpc: '2.0', id: two, method: 'tools/call', params: call });
      const reader = new SseReader(response);
      await reader.done;
      const messages = reader.events.filter(({ data }) => data).map(({ data }) => data);
      expect(messages.map(({ params, result }) => params?.data ?? result.who)).toEqual([who, who]);
      expect(messages.at(-1).id).toBe(two);
    }),
  );
  await Promise.all(calls);
});

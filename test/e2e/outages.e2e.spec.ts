import { describeWithServers, ToxicWay, waitFor } from '@signalbox/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Installation, type ServiceProcess } from './support/distributed.js';
import { everything } from './support/servers.js';

const SERVERS = ['AMQP_URL', 'MONGODB_URL', 'CONSUL_URL', 'TOXIPROXY_URL'] as const;
/** Generous, for a machine that has other things to do: it is milliseconds, and seconds until service is back. */
const PROMPT_MS = 10_000;
const BACK_WITHIN_MS = 60_000;
const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const config = { mcpServers: { everything } };

/** What a POST comes to: HTTP status, JSON, session. */
async function post(url: string, body: object, session?: string): Promise<{ status: number; body: any; session: any }> {
  const headers = { ...HEADERS, ...(session === undefined ? {} : { 'mcp-session-id': session }) };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await response.text();
  const isStream = response.headers.get('content-type') === 'text/event-stream';
  const json = isStream ? text.slice(text.lastIndexOf('data: ') + 6) : text;
  return { status: response.status, body: JSON.parse(json), session: response.headers.get('mcp-session-id') };
}
const rpc = (method: string, params: object = {}): object => ({ jsonrpc: '2.0', id: 1, method, params });
const INITIALIZE = rpc('initialize', {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'by hand', version: '1' },
});
const ECHO = rpc('tools/call', { name: 'everything__echo', arguments: { message: 'hi' } });

describeWithServers([...SERVERS], 'replicas and outages', (amqp, mongo, consul, toxiproxy) => {
  let broker: ToxicWay;
  let database: ToxicWay;
  let installation: Installation;
  let executor: ServiceProcess;
  let gateway: ServiceProcess;
  let second: ServiceProcess;
  let session: string;

  beforeAll(async () => {
    [broker, database] = await Promise.all([ToxicWay.to(toxiproxy!, amqp!), ToxicWay.to(toxiproxy!, mongo!)]);
    installation = await Installation.create(
      { amqp: broker.through(amqp!), mongo: database.through(mongo!), consul: consul! },
      config,
    );
    [executor, gateway, second] = await Promise.all([
      installation.start('tool-executor'),
      installation.start('gateway'),
      installation.start('gateway'),
    ]);
    for (const { url } of [gateway, second]) {
      await waitFor(async () => (await (await fetch(`${url}/tools?limit=100`)).text()).includes('everything__echo'), {
        timeoutMs: 60_000,
      });
    }
    ({ session } = await post(`${gateway.url}/mcp`, INITIALIZE));
  }, 150_000);
  afterEach(({ task }) => {
    if (task.result?.state === 'fail')
      console.error(second.output().slice(-6_000), '\nexecutor:\n', executor.output().slice(-6_000));
  });
  afterAll(async () => {
    await Promise.all([broker?.restore(), database?.restore()]);
    await installation?.[Symbol.asyncDispose]();
    await Promise.all([broker?.close(), database?.close()]);
  }, 60_000);

  const called = async (url = second.url) => (await post(`${url}/mcp`, ECHO, session)).body;
  const ready = async () => {
    const response = await fetch(`${second.url}/health/ready`);
    return { status: response.status, text: await response.text() };
  };

  it('a session goes on at another gateway, also after the first was killed', async () => {
    expect(await called(gateway.url)).toHaveProperty('result');
    expect(await called()).toHaveProperty('result');
    expect(await called(gateway.url)).toHaveProperty('result');
    await gateway.stop('SIGKILL');
    expect(await called()).toHaveProperty('result');
  });

  describe.each([
    ['database', 'events', () => database],
    ['broker', 'bus', () => broker],
  ])('without the %s', (_name, port, way) => {
    it('requests fail at once and may be repeated; readiness names it; service resumes by itself', async () => {
      await way().cut();
      try {
        // until the gateway has noticed, a request may wait for time-outs of its own
        const refusal = { error: { code: -32012, data: { retryable: true } } };
        await waitFor(async () => expect(await called()).toMatchObject(refusal) ?? true, { timeoutMs: BACK_WITHIN_MS });
        const unready = { status: 503, text: expect.stringContaining(port) };
        await waitFor(async () => expect(await ready()).toMatchObject(unready) ?? true, { timeoutMs: BACK_WITHIN_MS });
        expect(await prompt(called())).toMatchObject({ error: { code: -32012, data: { retryable: true } } });
        const rest = fetch(`${second.url}/tools/everything__echo/call`, {
          method: 'POST',
          headers: HEADERS,
          body: JSON.stringify({ arguments: { message: 'hi' } }),
        });
        expect((await prompt(rest)).status).toBe(503);
      } finally {
        await way().restore();
      }
      const back = { timeoutMs: BACK_WITHIN_MS, what: `service without the ${port}` };
      await waitFor(async () => expect(await called()).toHaveProperty('result') ?? true, back);
      await waitFor(async () => (await ready()).status === 200, back);
    });
  });

  it('a session is ended by another gateway than the one that opened it', async () => {
    const end = () => fetch(`${second.url}/mcp`, { method: 'DELETE', headers: { 'mcp-session-id': session } });
    expect((await end()).status).toBe(204);
    expect((await post(`${second.url}/mcp`, ECHO, session)).status).toBe(404);
    const third = await installation.start('gateway');
    expect((await post(`${third.url}/mcp`, ECHO, session)).status).toBe(404);
  });
});

/** @throws when it takes longer than a client should wait for a refusal */
async function prompt<T>(work: Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work;
  expect(performance.now() - began).toBeLessThan(PROMPT_MS);
  return result;
}

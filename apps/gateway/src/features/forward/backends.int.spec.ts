import { createEmbeddedPorts } from '@signalbox/adapter-embedded';
import { BusUnavailableError, StoreUnavailableError, type PortSet } from '@signalbox/ports';
import { waitFor } from '@signalbox/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startGateway, WireClient, type GatewayUnderTest } from '../../../test/gateway-under-test.js';

let ports: PortSet & { close(): Promise<void> };
let gateway: GatewayUnderTest;
let client: WireClient;
let executed: number;

beforeEach(async () => {
  executed = 0;
  ports = await createEmbeddedPorts({ dataDir: ':memory:' });
  gateway = await startGateway({ ports, gateway: { backends: { pingMs: 10, pingTimeoutMs: 50 } } });
  const offer = { tools: [{ name: 't', inputSchema: { type: 'object' } }], prompts: [{ name: 'p' }] };
  await gateway.serve('s', offer, () => {
    executed++;
    return { ok: true, result: { content: [] } };
  });
  client = new WireClient(`${gateway.url}/mcp`);
  await client.initialize();
  await waitFor(async () => (await client.request('tools/list')).body.result.tools.length === 1);
});
afterEach(() => gateway.stop());

const call = () => client.request('tools/call', { name: 's__t' });
const rest = async () => {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${gateway.url}/tools/s__t/call`, { method: 'POST', headers, body: '{}' });
  return { status: response.status, body: await response.json() };
};
const AWAY = { error: { code: -32012, data: { retryable: true } } };

it.each([
  ['events', () => Promise.reject(new StoreUnavailableError('gone')), false],
  ['events', () => new Promise<never>(() => undefined), false],
  ['bus', () => Promise.reject(new BusUnavailableError('gone')), true],
] as const)('without %s calls are refused at once, and taken again when it is back', async (port, ping, needed) => {
  const before = ports[port].ping;
  ports[port].ping = ping;
  try {
    await waitFor(async () => 'error' in (await call()).body);
    const sofar = executed;
    expect(await call()).toMatchObject({ status: 200, body: AWAY });
    expect(await rest()).toMatchObject({ status: 503, body: { retryable: true, ...AWAY } });
    const prompt = (await client.request('prompts/get', { name: 's__p' })).body;
    if (needed) expect(prompt).toMatchObject(AWAY);
    else expect(prompt).toHaveProperty('result');
    expect((await client.request('tools/list')).body).toHaveProperty('result');
    expect(executed).toBe(needed ? sofar : sofar + 1);
    if (port === 'events') {
      const ready = await fetch(`${gateway.url}/health/ready`);
      expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining(port)]);
    }
  } finally {
    ports[port].ping = before;
  }
  await waitFor(async () => 'result' in (await call()).body);
});

import { createEmbeddedPorts, IdTelemetry } from '@signalbox/adapter-embedded';
import { newTraceparent, parseTraceparent, traceIdOf, type ExecuteCommand } from '@signalbox/contracts';
import type { FinishedSpan } from '@signalbox/ports';
import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startGateway, WireClient, type GatewayUnderTest } from '../../../test/gateway-under-test.js';

const telemetry = new IdTelemetry({ keptTraces: 1_000 });
let gateway: GatewayUnderTest;
let client: WireClient;
const commands: ExecuteCommand[] = [];

beforeAll(async () => {
  gateway = await startGateway({ ports: { ...(await createEmbeddedPorts({ dataDir: ':memory:' })), telemetry } });
  const offer = {
    tools: [{ name: 'greet', inputSchema: { type: 'object' } }],
    prompts: [{ name: 'welcome' }],
    resources: [{ uri: 'notes://one', name: 'one' }],
  };
  await gateway.serve('desk', offer, (command) => {
    commands.push(command);
    return { ok: true, result: { content: [] } };
  });
  client = new WireClient(`${gateway.url}/mcp`);
  await client.initialize();
  await waitFor(async () => (await client.request('tools/list')).body.result.tools.length === 1);
});
afterAll(() => gateway?.stop());
beforeEach(() => void (commands.length = 0));

/** The spans of a request in the trace of its client, once one of this name has ended. */
async function traced(name: string, ask: (traceparent: string) => Promise<unknown>): Promise<readonly FinishedSpan[]> {
  const traceparent = newTraceparent();
  await ask(traceparent);
  const spans = () => telemetry.spansOf(traceIdOf(traceparent)!);
  await waitFor(() => spans().some((span) => span.name === name), { what: `the span ${name}` });
  const root = spans().find((span) => span.name === name)!;
  expect(root.parentSpanId).toBe(parseTraceparent(traceparent)!.spanId);
  return spans();
}
const inMeta = (method: string, params: object) => (traceparent: string) =>
  client.request(method, { ...params, _meta: { traceparent } });

describe('spans of the gateway', () => {
  it.each([
    ['resources/read', { uri: 'notes://one' }, { 'mcp.resource.uri': 'notes://one' }],
    ['prompts/get', { name: 'desk__welcome' }, { 'gen_ai.prompt.name': 'desk__welcome' }],
  ])(
    '%s: the method, the command to the executors below it, and the executor goes on from there',
    async (method, params, attributes) => {
      const spans = await traced(method, inMeta(method, params));
      const [send, root, ...others] = spans;
      expect(others).toEqual([]);
      expect(root).toMatchObject({
        name: method,
        kind: 'server',
        attributes: {
          'mcp.method.name': method,
          'mcp.session.id': expect.any(String),
          'mcp.protocol.version': '2025-11-25',
          ...attributes,
        },
        failure: undefined,
      });
      expect(send).toMatchObject({
        name: 'send mcp.execute.desk',
        kind: 'producer',
        parentSpanId: root!.spanId,
        attributes: {
          'messaging.destination.name': 'mcp.execute.desk',
          'messaging.message.id': commands[0]!.requestId,
          'messaging.operation.type': 'send',
        },
      });
      expect(parseTraceparent(commands[0]!.traceparent)!.spanId).toBe(send!.spanId);
    },
  );

  it.each([
    ['tools/list', {}],
    ['ping', {}],
    ['logging/setLevel', { level: 'info' }],
  ])('%s: one', async (method, params) => {
    expect(await traced(method, inMeta(method, params))).toHaveLength(1);
  });

  it('initialize: one, that says which requests were refused', async () => {
    const other = new WireClient(`${gateway.url}/mcp`);
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
    const ask = (given: object) => (traceparent: string) =>
      other.request('initialize', { ...given, _meta: { traceparent } });
    expect(await traced('initialize', ask(params))).toMatchObject([{ kind: 'server', failure: undefined }]);
    const wrong = { ...params, protocolVersion: 7 };
    expect(await traced('initialize', ask(wrong))).toMatchObject([
      { attributes: { 'error.type': '-32602' }, failure: expect.stringContaining('protocolVersion') },
    ]);
  });

  it('an error: its code and why', async () => {
    expect(await traced('resources/read', inMeta('resources/read', { uri: 'other://x' }))).toMatchObject([
      {
        attributes: { 'error.type': '-32002', 'rpc.response.status_code': '-32002' },
        failure: expect.stringContaining('other://x'),
      },
    ]);
  });

  it('an unknown method: without its name, which comes from outside', async () => {
    expect(await traced('_OTHER', inMeta('no/such', {}))).toHaveLength(1);
  });

  it('a call: request and outcome in the log, and the command, below it', async () => {
    const spans = await traced('tools/call greet', inMeta('tools/call', { name: 'desk__greet', arguments: {} }));
    const root = spans.find(({ name }) => name === 'tools/call greet')!;
    expect(root).toMatchObject({ kind: 'server', attributes: { 'gen_ai.tool.name': 'greet' } });
    for (const name of ['append call', 'send mcp.execute.desk']) {
      expect(spans.find((span) => span.name === name)).toMatchObject({ parentSpanId: root.spanId });
    }
  });

  it('a call over REST: within the span of its HTTP request', async () => {
    const spans = await traced('POST /tools/:name/call', (traceparent) =>
      fetch(`${gateway.url}/tools/desk__greet/call`, {
        method: 'POST',
        headers: { traceparent, 'content-type': 'application/json' },
        body: '{"arguments":{}}',
      }),
    );
    const http = spans.find(({ name }) => name === 'POST /tools/:name/call')!;
    expect(http.attributes).toMatchObject({ 'http.route': '/tools/:name/call', 'http.response.status_code': 200 });
    expect(spans.find(({ name }) => name === 'tools/call greet')).toMatchObject({
      kind: 'internal',
      parentSpanId: http.spanId,
    });
  });

  it('a request that nobody takes: the command has failed', async () => {
    await gateway.serve('nobody', { resources: [{ uri: 'void://one', name: 'void' }] });
    await waitFor(async () => JSON.stringify((await client.request('resources/list')).body).includes('void://one'));
    const spans = await traced('resources/read', inMeta('resources/read', { uri: 'void://one' }));
    expect(spans.find(({ name }) => name === 'send mcp.execute.nobody')).toMatchObject({
      attributes: { 'error.type': 'NoConsumerError' },
      failure: expect.any(String),
    });
  });
});

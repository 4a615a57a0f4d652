import {
  EXECUTOR_CONTROL,
  createEvent,
  executeQueue,
  type ExecuteCommand,
  type ExecuteReply,
  type RecordedEvent,
} from '@signalbox/contracts';
import { StoreUnavailableError } from '@signalbox/ports';
import { waitFor } from '@signalbox/testing';
import { createEmbeddedPorts } from '@signalbox/adapter-embedded';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startGateway, WireClient, type GatewayUnderTest } from '../../../test/gateway-under-test.js';

let gateway: GatewayUnderTest;
let client: WireClient;
let execute: (command: ExecuteCommand) => ExecuteReply | undefined;
const commands: ExecuteCommand[] = [];
let storeIsDown = false;

beforeEach(async () => {
  const ports = await createEmbeddedPorts({ dataDir: ':memory:' });
  const append = ports.events.append.bind(ports.events);
  // the one failure that cannot be had for real in one process
  ports.events.append = (request) =>
    storeIsDown ? Promise.reject(new StoreUnavailableError('down')) : append(request);
  storeIsDown = false;
  commands.length = 0;
  gateway = await startGateway({
    ports,
    gateway: { calls: { deadlineMs: 400 }, http: {} },
  });
  execute = () => ({ ok: true, result: { content: [] } });
  await gateway.serve('s', { tools: [{ name: 't', inputSchema: { type: 'object' } }] }, (command) => {
    commands.push(command);
    return execute(command);
  });
  await gateway.serve('nobody', { tools: [{ name: 'n', inputSchema: { type: 'object' } }] });
  client = new WireClient(`${gateway.url}/mcp`);
  await client.initialize();
  await waitFor(async () => (await client.request('tools/list')).body.result.tools.length === 2);
});
afterEach(() => gateway.stop());

const callEvents = (): Promise<RecordedEvent[]> =>
  gateway.events('tool.call.requested', 'tool.call.failed', 'tool.call.expired', 'tool.call.cancelled');

describe('a call', () => {
  it('is in the log before it is run, redacted, and runs with what was sent', async () => {
    execute = () => ({ ok: true, result: { content: [], _meta: { own: 1 } } });
    const args = { text: 'hello', password: 'hunter2' };
    const { body } = await client.request('tools/call', { name: 's__t', arguments: args });
    const seen = await callEvents();
    const callId = body.result._meta['io.signalbox/callId'];
    expect(body.result._meta.own).toBe(1);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      stream: `call-gateway-1-${callId}`,
      partition: 'gateway-1',
      correlationId: callId,
      data: {
        callId,
        server: 's',
        tool: 't',
        calledAs: 's__t',
        safetyClass: 'unsafe',
        principal: 'anonymous',
        via: 'mcp',
        client: { name: 'wire', version: '1' },
        arguments: { text: 'hello', password: '[redacted]' },
        definitionHash: '0'.repeat(64),
      },
    });
    expect(commands[0]).toMatchObject({
      requestId: callId,
      method: 'tools/call',
      params: { name: 't', arguments: args },
      call: { callId, attempt: 1, tool: 't' },
      client: { gateway: 'gateway-1', principal: 'anonymous', capabilities: {} },
    });
    expect(commands[0]!.traceparent).toBe(seen[0]!.traceparent);
  });

  it('keeps the trace that the client began', async () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    await client.post({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 't' } }, { traceparent });
    await client.request('tools/call', { name: 't', _meta: { traceparent: traceparent.replaceAll('a', 'c') } });
    const [byHeader, byMeta] = (await callEvents()).map((event) => event.traceparent);
    expect(byHeader).toMatch(/^00-a{32}-/);
    expect(byMeta).toMatch(/^00-c{32}-/);
  });

  it('with large arguments has them beside the log, and a forged reference is not taken for one', async () => {
    await client.request('tools/call', { name: 't', arguments: { text: 'x'.repeat(100_000) } });
    await client.request('tools/call', { name: 't', arguments: { $blob: { sha256: 'a'.repeat(64), bytes: 1 } } });
    const [large, forged] = (await callEvents()).map(({ data }) => (data as { arguments: any }).arguments);
    expect(large.$blob.bytes).toBeGreaterThan(100_000);
    expect(await gateway.ports.blobs.get(large.$blob.sha256)).toBeDefined();
    expect(forged.$blob.sha256).not.toBe('a'.repeat(64));
  });

  it('relays the error of the server, with the call’s id in its data', async () => {
    execute = () => ({ ok: false, error: { code: -32099, message: 'no', data: { why: 1 } }, retryable: false });
    const { status, body } = await client.request('tools/call', { name: 't' });
    expect(status).toBe(200);
    expect(body.error).toMatchObject({ code: -32099, message: 'no', data: { why: 1, callId: expect.any(String) } });
  });
});

describe('a call that nobody runs', () => {
  it('is a retryable error, and failed in the log, when no executor is there', async () => {
    const { body } = await client.request('tools/call', { name: 'n' });
    expect(body.error).toMatchObject({ code: -32010, data: { retryable: true, server: 'nobody' } });
    const [requested, failed] = await callEvents();
    expect(failed).toMatchObject({
      type: 'tool.call.failed',
      stream: requested!.stream,
      data: { attempt: 1, retryable: true, error: { code: -32010 } },
    });
    const holder = await gateway.ports.events.claimHolder(`attempt:${body.error.data.callId}:1`);
    expect(holder?.actor).toBe('gateway-1');
  });

  it('expires at its deadline when no executor claims it', async () => {
    execute = () => undefined;
    const { body } = await client.request('tools/call', { name: 't' });
    expect(body.error).toMatchObject({ code: -32001, data: { callId: expect.any(String) } });
    expect((await callEvents()).map(({ type }) => type)).toEqual(['tool.call.requested', 'tool.call.expired']);
  });

  it('has its outcome from the executor when that has claimed it', async () => {
    execute = ({ call }) => {
      void gateway.ports.events.append({
        stream: `attempt-tool-executor-1-${call!.callId}.1`,
        expectedVersion: 0,
        events: [
          createEvent('tool.call.started', {
            callId: call!.callId,
            attempt: 1,
            server: 's',
            tool: 't',
            executor: 'tool-executor-1',
            waitedMs: 0,
          }),
        ],
        commitId: `${call!.callId}.1.started`,
        claims: [`attempt:${call!.callId}:1`],
        metadata: { actor: 'tool-executor-1', correlationId: call!.callId },
      });
      return undefined;
    };
    const { body } = await client.request('tools/call', { name: 't' });
    expect(body.error.data.retryable).toBe(false);
    expect((await callEvents()).map(({ type }) => type)).toEqual(['tool.call.requested']);
  });

  it('is taken back from the executor, whose own append would fail too, when the log is away', async () => {
    storeIsDown = true;
    execute = () => undefined;
    const told: unknown[] = [];
    await gateway.ports.bus.consume({ name: 'told', topics: [EXECUTOR_CONTROL] }, ({ body }) => void told.push(body));
    const { body } = await client.request('tools/call', { name: 't' });
    expect(body.error).toMatchObject({ code: -32012, data: { retryable: true, callId: expect.any(String) } });
    expect(told).toMatchObject([{ kind: 'cancel', requestId: body.error.data.callId }]);
  });

  it('is not sent anywhere before the log has it, when the store does not keep the order of appends', async () => {
    Object.defineProperty(gateway.ports.events, 'storesInOrder', { value: false });
    storeIsDown = true;
    const { body } = await client.request('tools/call', { name: 't' });
    expect(body.error).toMatchObject({ code: -32012, data: { retryable: true } });
    expect(commands).toHaveLength(0);
  });
});

it('an executor that is gone while a call waits does not hang the client', async () => {
  const consumer = await gateway.ports.bus.consume({ name: executeQueue('nobody') }, () => 'ack');
  await consumer.cancel();
  const { body } = await client.request('tools/call', { name: 'n' });
  expect(body.error.data.retryable).toBe(true);
});

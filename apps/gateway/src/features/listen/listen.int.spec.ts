import {
  createEvent,
  EXECUTOR_CONTROL,
  gatewayInbox,
  newId,
  type ExecuteCommand,
  type ExecutorControl,
} from '@signalbox/contracts';
import { waitFor } from '@signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startGateway, type GatewayUnderTest } from '../../../test/gateway-under-test.js';
import { SseReader } from '../../../test/sse-reader.js';
import { StatelessWireClient } from '../../../test/stateless-client.js';

const ID = 'io.modelcontextprotocol/subscriptionId';
let gateway: GatewayUnderTest;
let client: StatelessWireClient;
let commands: ExecuteCommand[];
let controls: ExecutorControl[];
const abort: AbortController[] = [];

beforeEach(async () => {
  [commands, controls] = [[], []];
  gateway = await startGateway({
    gateway: { catalogue: { settleMs: 10 }, stateless: { maxListens: 3 }, sessions: { maxSubscriptions: 3 } },
  });
  await gateway.ports.bus.consume({ name: 'heard', topics: [EXECUTOR_CONTROL], exclusive: true }, ({ body }) => {
    controls.push(body as ExecutorControl);
    return 'ack';
  });
  await gateway.serve(
    's',
    { tools: [{ name: 't' }], resources: [{ uri: 'x://a' }, { uri: 'x://mute' }] },
    (command) => {
      commands.push(command);
      return command.params?.['uri'] === 'x://mute'
        ? { ok: false, error: { code: -32601, message: 'no' }, retryable: false }
        : { ok: true, result: {} };
    },
  );
  client = new StatelessWireClient(`${gateway.url}/mcp`);
  await waitFor(async () => (await client.request('tools/list')).body.result.tools.length === 1);
});
afterEach(async () => {
  for (const one of abort.splice(0)) one.abort();
  await gateway.stop();
});

async function listen(notifications: object, from = client): Promise<{ reader: SseReader; close: () => void }> {
  const controller = new AbortController();
  abort.push(controller);
  const response = await from.send('subscriptions/listen', { notifications }, { signal: controller.signal });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  expect(response.headers.get('mcp-session-id')).toBeNull();
  const reader = new SseReader(response);
  await reader.find(({ data }) => data.method === 'notifications/subscriptions/acknowledged');
  return { reader, close: () => controller.abort() };
}
const dataOf = ({ events }: SseReader) => events.map(({ data }) => data);
const catalogue = (tools: string[], prompts: string[] = []) =>
  gateway.append(
    'tool-executor-1',
    'upstream-s',
    createEvent('catalogue.changed', {
      server: 's',
      tools: tools.map((name) => ({ name })),
      prompts: prompts.map((name) => ({ name })),
      resources: [{ uri: 'x://a' }, { uri: 'x://mute' }],
      resourceTemplates: [],
      definitionHashes: {},
    }),
  );
const push = (sessionId: string | undefined, uri: string, server = 's') =>
  gateway.ports.bus.send(gatewayInbox('gateway-1'), {
    id: newId(),
    type: 'session-push',
    body: { ...(sessionId ? { sessionId } : {}), server, method: 'notifications/resources/updated', params: { uri } },
  });

describe('subscriptions/listen', () => {
  it('says first what it will send, under the id of the request', async () => {
    const { reader } = await listen({ toolsListChanged: true, promptsListChanged: false });
    const [first] = dataOf(reader);
    expect(first).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/subscriptions/acknowledged',
      params: { notifications: { toolsListChanged: true }, _meta: { [ID]: expect.any(Number) } },
    });
  });

  it('sends the changes that were asked for, when they are real, and no others', async () => {
    const tools = await listen({ toolsListChanged: true });
    const prompts = await listen({ promptsListChanged: true });
    await catalogue(['t']);
    await catalogue(['t', 'u']);
    await tools.reader.find(({ data }) => data.method === 'notifications/tools/list_changed');
    await catalogue(['t', 'u'], ['p']);
    await prompts.reader.find(({ data }) => data.method === 'notifications/prompts/list_changed');
    const methods = (reader: SseReader) =>
      dataOf(reader)
        .slice(1)
        .map(({ method }) => method);
    expect(methods(tools.reader)).toEqual(['notifications/tools/list_changed']);
    expect(methods(prompts.reader)).toEqual(['notifications/prompts/list_changed']);
    for (const { reader } of [tools, prompts]) {
      const ids = dataOf(reader).map(({ params }) => params._meta[ID]);
      expect(new Set(ids).size).toBe(1);
    }
  });

  it('of one server hears of that server only', async () => {
    await gateway.serve('other', { tools: [{ name: 'o' }] });
    const scoped = new StatelessWireClient(`${gateway.url}/servers/other/mcp`);
    await waitFor(async () => (await scoped.request('tools/list')).body.result?.tools.length === 1);
    const { reader } = await listen({ toolsListChanged: true }, scoped);
    const all = await listen({ toolsListChanged: true });
    await catalogue(['t', 'u']);
    await all.reader.find(({ data }) => data.method === 'notifications/tools/list_changed');
    expect(dataOf(reader)).toHaveLength(1);
  });

  it('brings updates of the resources that it names to those who named them', async () => {
    const first = await listen({ resourceSubscriptions: ['x://a', 'x://mute', 'none://'] });
    expect(dataOf(first.reader)[0].params.notifications).toEqual({ resourceSubscriptions: ['x://a'] });
    const [subscribe] = commands.filter(({ params }) => params?.['uri'] === 'x://a');
    expect(subscribe).toMatchObject({ method: 'resources/subscribe', client: { sessionId: expect.any(String) } });
    const second = await listen({ resourceSubscriptions: ['x://a'] });
    await push(subscribe!.client.sessionId, 'x://b');
    await push(subscribe!.client.sessionId, 'x://a');
    const { data } = await first.reader.find(({ data: { method } }) => method === 'notifications/resources/updated');
    expect(data.params).toMatchObject({ uri: 'x://a', _meta: { [ID]: expect.any(Number) } });
    await push(undefined, 'x://a', 'other');
    await push(undefined, 'x://a');
    await second.reader.find(({ data: { method } }) => method === 'notifications/resources/updated');
    await waitFor(() => dataOf(first.reader).length === 3);
    expect(dataOf(second.reader)).toHaveLength(2);
  });

  it('asks again when an executor has connected to the server anew', async () => {
    const { reader } = await listen({ resourceSubscriptions: ['x://a'] });
    const before = commands.length;
    await gateway.append(
      'tool-executor-2',
      'upstream-s',
      createEvent('server.started', {
        ...{ server: 's', executor: 'tool-executor-2', protocolVersion: '2025-11-25', capabilities: {} },
        serverInfo: { name: 's', version: '1' },
      }),
    );
    await waitFor(() => commands.length > before);
    expect(commands.at(-1)).toMatchObject({ method: 'resources/subscribe', client: commands[0]!.client });
    await push(commands[0]!.client.sessionId, 'x://a');
    await reader.find(({ data: { method } }) => method === 'notifications/resources/updated');
  });

  it('ends its subscriptions when the client closes it', async () => {
    const { close } = await listen({ resourceSubscriptions: ['x://a'] });
    const { sessionId } = commands[0]!.client;
    close();
    await waitFor(() =>
      controls.some((control) => control.kind === 'session-closed' && control.sessionId === sessionId),
    );
  });

  it('ends in good order when the gateway stops', async () => {
    const { reader } = await listen({ toolsListChanged: true });
    const stopping = gateway.stop();
    await reader.done;
    const last = dataOf(reader).at(-1);
    expect(last).toMatchObject({ id: expect.any(Number), result: { resultType: 'complete' } });
    expect(last.result._meta[ID]).toBe(last.id);
    await stopping;
    gateway = await startGateway();
  });

  it.each([
    undefined,
    [],
    { toolsListChanged: 1 },
    { resourceSubscriptions: 'x://a' },
    { resourceSubscriptions: ['1', '2', '3', '4'] },
  ])('is refused %j', async (notifications) => {
    const { status, body } = await client.request('subscriptions/listen', { notifications });
    expect([status, body.error.code]).toEqual([200, -32602]);
  });

  it('has a bound', async () => {
    for (let count = 0; count < 3; count++) await listen({});
    const { body } = await client.request('subscriptions/listen', { notifications: {} });
    expect(body.error).toMatchObject({ code: -32011, data: { retryable: true } });
  });

  it('has a bound for each principal, and a place is free when its stream has ended', async () => {
    await gateway.stop();
    const tokens = ['ann', 'bob'].map((principal) => ({ principal, token: `${principal}-has-this-token` }));
    gateway = await startGateway({
      gateway: { auth: { tokens }, stateless: { maxListens: 3, maxListensPerPrincipal: 2 } },
    });
    const [ann, bob] = tokens.map(
      ({ token }) => new StatelessWireClient(`${gateway.url}/mcp`, { headers: { authorization: `Bearer ${token}` } }),
    );
    await listen({}, ann);
    const second = await listen({}, ann);
    const refused = async () => (await ann!.request('subscriptions/listen', { notifications: {} })).body.error;
    expect(await refused()).toMatchObject({ code: -32011, message: expect.stringContaining('2 of one principal') });
    await listen({}, bob);
    second.close();
    const gauge = async () => {
      const headers = { authorization: `Bearer ${tokens[0]!.token}` };
      return (await fetch(`${gateway.url}/metrics`, { headers })).text();
    };
    await waitFor(async () => /^signalbox_mcp_listens\S* 2$/m.test(await gauge()));
    await listen({}, ann);
  });

  it('needs a client that reads streams', async () => {
    const headers = { accept: 'application/json' };
    expect((await client.request('subscriptions/listen', { notifications: {} }, { headers })).status).toBe(406);
  });
});

import { createEmbeddedPorts } from '@signalbox/adapter-embedded';
import { adoptionQueue, EXECUTOR_CONTROL, executorInbox, type ExecutorControl } from '@signalbox/contracts';
import type { RunningService } from '@signalbox/nest-kit';
import type { Delivery, PortSet } from '@signalbox/ports';
import { waitFor } from '@signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contextOf, startGateway, type GatewayUnderTest } from '../../../test/gateway-under-test.js';
import { StatelessWireClient } from '../../../test/stateless-client.js';
import { start } from '../../index.js';

const ANN = 'ann-has-this-token-1';
const BOB = 'bob-has-this-token-2';
const tokens = [
  { principal: 'ann', token: ANN },
  { principal: 'bob', token: BOB },
];
const CAPABILITIES = { elicitation: {}, sampling: {} };
const ASKED = { message: 'Name?', requestedSchema: { type: 'object' } };

let ports: PortSet & { close(): Promise<void> };
let one: GatewayUnderTest;
let two: RunningService;
/** What the executor is told, and what it is asked to run. */
let controls: ExecutorControl[];
let running: Delivery[];

type Stateless = ConstructorParameters<typeof StatelessWireClient>[1] & { at?: string };
const client = (token: string, { at = one.url, capabilities = CAPABILITIES, ...more }: Stateless = {}) =>
  new StatelessWireClient(`${at}/mcp`, { headers: { authorization: `Bearer ${token}` }, capabilities, ...more });

async function setUp(stateless: object = {}): Promise<void> {
  [controls, running] = [[], []];
  ports = await createEmbeddedPorts({ dataDir: ':memory:' });
  const hear = ({ body }: { body: unknown }) => {
    controls.push(body as ExecutorControl);
    return 'ack' as const;
  };
  await ports.bus.consume({ name: 'heard', topics: [EXECUTOR_CONTROL], exclusive: true }, hear);
  await ports.bus.consume({ name: executorInbox('tool-executor-1'), exclusive: true }, hear);
  const options = { gateway: { auth: { tokens }, stateless, streams: { upgradeAfterMs: 30 } }, ports };
  one = await startGateway(options);
  two = await start({ ...contextOf(ports, options), instanceId: 'gateway-2' });
  await one.serve('s', { tools: [{ name: 't' }] }, async (command, delivery) => {
    running.push(delivery);
    await waitFor(() => ended.has(delivery), { timeoutMs: 60_000 });
    return undefined;
  });
  for (const at of [one.url, two.url]) {
    await waitFor(async () => (await client(ANN, { at }).request('tools/list')).body.result.tools.length === 1);
  }
}
const ended = new WeakSet<Delivery>();
const CANCELLED = { ok: false, error: { code: -32000, message: 'cancelled' }, retryable: false };

beforeEach(() => setUp());
afterEach(async () => {
  endAll();
  await two.stop();
  await one.stop();
});
/** Nothing keeps the gateways from stopping. */
function endAll(): void {
  for (const delivery of running) if (!ended.has(delivery)) ends(delivery, CANCELLED);
}

const call = (from: StatelessWireClient, more: object = {}, options = {}) =>
  from.request('tools/call', { name: 't', arguments: { a: 1, b: 2 }, ...more }, options);

/** The executor's part: the server asks, says something, or is done. */
const asks = (delivery: Delivery, id: string, method = 'elicitation/create', params: object = ASKED): void =>
  delivery.part({ kind: 'request', id, inbox: executorInbox('tool-executor-1'), method, params });
const answers = () => controls.filter((control) => control.kind === 'response');
function ends(delivery: Delivery, reply: object = { ok: true, result: { content: [{ type: 'text', text: 'done' }] } }) {
  delivery.reply(reply);
  ended.add(delivery);
}

async function parked(from: StatelessWireClient): Promise<{ delivery: Delivery; state: string; callId: number }> {
  const before = running.length;
  const asked = call(from);
  await waitFor(() => running.length > before);
  const delivery = running.at(-1)!;
  asks(delivery, 'reverse-1');
  const { body } = await asked;
  expect(body.result).toMatchObject({
    resultType: 'input_required',
    inputRequests: { 'input-1': { method: 'elicitation/create', params: ASKED } },
    requestState: expect.any(String),
  });
  return { delivery, state: body.result.requestState, callId: before };
}
const ACCEPTED = { action: 'accept', content: { name: 'Ann' } };
const answered = (state: string, inputResponses: object = { 'input-1': ACCEPTED }) => ({
  requestState: state,
  inputResponses,
});

describe.each([
  ['the same gateway', () => one.url],
  ['another gateway', () => two.url],
])('a server of sessions asks a client without one, which answers at %s', (_, url) => {
  it('and gets the result of the call that went on meanwhile', async () => {
    const { delivery, state } = await parked(client(ANN));
    const retry = call(client(ANN, { at: url() }), answered(state), { meta: { progressToken: 'second' } });
    await waitFor(() => answers().length === 1);
    expect(answers()[0]).toMatchObject({ id: 'reverse-1', result: ACCEPTED });
    ends(delivery);
    const { status, body } = await retry;
    expect(status).toBe(200);
    expect(body.result).toMatchObject({
      resultType: 'complete',
      content: [{ text: 'done' }],
      _meta: { 'io.signalbox/callId': expect.any(String) },
    });
    expect(await one.events('tool.call.requested')).toHaveLength(1);
    expect(running).toHaveLength(1);
  });

  it('is asked again, and again for what it left open', async () => {
    const { delivery, state } = await parked(client(ANN));
    const there = client(ANN, { at: url() });
    const nothing = await call(there, answered(state, { 'input-1': 12345, other: {} }));
    expect(nothing.body.result).toMatchObject({ resultType: 'input_required', inputRequests: { 'input-1': {} } });
    const retry = call(there, answered(nothing.body.result.requestState));
    await waitFor(() => answers().length === 1);
    asks(delivery, 'reverse-2', 'sampling/createMessage', { messages: [], maxTokens: 1 });
    asks(delivery, 'reverse-3');
    const { body } = await retry;
    expect(Object.keys(body.result.inputRequests)).toEqual(['input-2', 'input-3']);
    const sampled = { role: 'assistant', content: { type: 'text', text: 'x' }, model: 'm' };
    const last = call(there, answered(body.result.requestState, { 'input-2': sampled, 'input-3': ACCEPTED }));
    await waitFor(() => answers().length === 3);
    ends(delivery);
    expect((await last).body.result.resultType).toBe('complete');
  });

  it('and hears of progress by the token that it has now', async () => {
    const from = client(ANN);
    const before = running.length;
    const asked = call(from, {}, { meta: { progressToken: 'first' } });
    await waitFor(() => running.length > before);
    const delivery = running.at(-1)!;
    asks(delivery, 'reverse-1');
    const state = (await asked).body.result.requestState;
    const retry = call(client(ANN, { at: url() }), answered(state), { meta: { progressToken: 'second' } });
    await waitFor(() => answers().length === 1);
    delivery.part({ kind: 'notification', method: 'notifications/progress', params: { progress: 1 } });
    ends(delivery);
    const { messages, body } = await retry;
    expect(messages).toEqual([
      { jsonrpc: '2.0', method: 'notifications/progress', params: { progress: 1, progressToken: 'second' } },
    ]);
    expect(body.result.resultType).toBe('complete');
  });

  it('and takes the call back by closing the connection', async () => {
    const { state } = await parked(client(ANN));
    const abort = new AbortController();
    const retry = call(client(ANN, { at: url() }), answered(state), { signal: abort.signal }).catch(() => undefined);
    await waitFor(() => answers().length === 1);
    abort.abort();
    await retry;
    await waitFor(() => controls.some(({ kind }) => kind === 'cancel'));
  });

  it('gets what the call came to while it was away', async () => {
    const { delivery, state } = await parked(client(ANN));
    ends(delivery, { ok: false, error: { code: -32001, message: 'too late' }, retryable: false });
    await waitFor(() => answers().length === 1);
    expect(answers()[0]).toHaveProperty('error');
    const { body } = await call(client(ANN, { at: url() }), answered(state));
    expect(body.error).toMatchObject({ code: -32001, message: 'too late' });
  });

  it.each<[string, (state: string) => Promise<{ status: number; body: { error: { code: number; message: string } } }>]>(
    [
      ['it was changed', (state) => call(client(ANN, { at: url() }), answered(`${state}-TAMPERED`))],
      ['one character of it was changed', (state) => call(client(ANN, { at: url() }), answered(flipped(state)))],
      ['nobody made it', () => call(client(ANN, { at: url() }), answered('nonsense'))],
      ['it is that of another client', (state) => call(client(BOB, { at: url() }), answered(state))],
      [
        'it is that of another request',
        (state) => call(client(ANN, { at: url() }), { ...answered(state), arguments: { a: 2 } }),
      ],
    ],
  )('is refused its state when %s', async (_what, come) => {
    const { delivery, state } = await parked(client(ANN));
    const { body } = await come(state);
    expect(body.error).toMatchObject({ code: -32602, message: expect.stringContaining('requestState') });
    // and the one whose it is can still come
    const retry = call(client(ANN, { at: url() }), { arguments: { b: 2, a: 1 }, ...answered(state) });
    await waitFor(() => answers().length === 1);
    ends(delivery);
    expect((await retry).body.result.resultType).toBe('complete');
    const again = await call(client(ANN, { at: url() }), answered(state));
    expect(again.body.error).toMatchObject({ code: -32602 });
    expect(running).toHaveLength(1);
  });

  it('cannot use a state twice', async () => {
    const { state } = await parked(client(ANN));
    const there = client(ANN, { at: url() });
    const again = await call(there, answered(state, {}));
    expect(again.body.result.resultType).toBe('input_required');
    const replayed = await call(there, answered(state));
    expect(replayed.body.error).toMatchObject({ code: -32602, message: expect.stringContaining('used already') });
    expect(answers()).toHaveLength(0);
  });
});

/** The same state with one character of its payload changed. */
function flipped(state: string): string {
  const at = state.indexOf('.') + 8;
  return state.slice(0, at) + (state[at] === 'A' ? 'B' : 'A') + state.slice(at + 1);
}

describe('a client that cannot be asked', () => {
  it('is told what it lacks when the call fails for it', async () => {
    const asked = call(client(ANN, { capabilities: {} }));
    await waitFor(() => running.length === 1);
    asks(running[0]!, 'reverse-1', 'sampling/createMessage', { messages: [] });
    await waitFor(() => answers().length === 1);
    expect(answers()[0]).toMatchObject({ error: { code: -32601 } });
    ends(running[0]!, { ok: true, result: { isError: true, content: [] } });
    const { status, body } = await asked;
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ code: -32021, data: { requiredCapabilities: { sampling: {} } } });
  });

  it('gets the result when the server did without', async () => {
    const asked = call(client(ANN, { capabilities: {} }));
    await waitFor(() => running.length === 1);
    asks(running[0]!, 'reverse-1');
    await waitFor(() => answers().length === 1);
    ends(running[0]!);
    expect((await asked).body.result.resultType).toBe('complete');
  });
});

describe('an error that asks for a visit to a URL', () => {
  const error = {
    code: -32042,
    message: 'Sign in',
    data: { elicitations: [{ mode: 'url', url: 'https://e.example/', elicitationId: '1', message: 'm' }] },
  };

  it.each([
    [{ elicitation: { url: {} } }, 200],
    [{ elicitation: {} }, 400],
  ])('is a question to a client with %j, answered %i', async (capabilities, expected) => {
    const asked = call(client(ANN, { capabilities }));
    await waitFor(() => running.length === 1);
    ends(running[0]!, { ok: false, error, retryable: false });
    const { status, body } = await asked;
    expect(status).toBe(expected);
    if (expected === 400) {
      expect(body.error).toMatchObject({ code: -32021, data: { requiredCapabilities: { elicitation: { url: {} } } } });
    } else {
      const [elicitation] = error.data.elicitations;
      expect(body.result).toMatchObject({
        resultType: 'input_required',
        inputRequests: { 'elicitation-1': { method: 'elicitation/create', params: elicitation } },
      });
    }
  });
});

describe('bounds', () => {
  const again = async (stateless: object) => {
    await two.stop();
    await one.stop();
    await setUp(stateless);
  };

  it('a client that does not come back loses the call', async () => {
    await again({ parkedMs: 50 });
    const { state } = await parked(client(ANN));
    await waitFor(() => controls.some(({ kind }) => kind === 'cancel'));
    const { body } = await call(client(ANN), answered(state));
    expect(body.error).toMatchObject({ code: -32602, message: expect.stringMatching(/expired|over/) });
  });

  it('no more are held than may be; of further ones the server hears that it cannot ask', async () => {
    await again({ maxParked: 1 });
    await parked(client(ANN));
    expect(await (await fetch(`${one.url}/metrics`, { headers: { authorization: `Bearer ${ANN}` } })).text()).toMatch(
      /^signalbox_mcp_requests_parked\S* 1$/m,
    );
    const second = call(client(BOB));
    await waitFor(() => running.length === 2);
    asks(running[1]!, 'reverse-9');
    await waitFor(() => answers().length === 1);
    expect(answers()[0]).toMatchObject({ id: 'reverse-9', error: { code: -32011 } });
    ends(running[1]!);
    expect((await second).body.result.resultType).toBe('complete');
  });

  it('one principal cannot take all the places', async () => {
    await again({ maxParked: 3, maxParkedPerPrincipal: 1 });
    const { delivery, state } = await parked(client(ANN));
    const second = call(client(ANN));
    await waitFor(() => running.length === 2);
    asks(running[1]!, 'reverse-9');
    await waitFor(() => answers().length === 1);
    expect(answers()[0]).toMatchObject({
      error: { code: -32011, message: expect.stringContaining('1 of one principal') },
    });
    ends(running[1]!);
    await second;
    await parked(client(BOB));
    // when it is over, its place is free
    const retry = call(client(ANN), answered(state));
    await waitFor(() => answers().length === 2);
    ends(delivery);
    await retry;
    await parked(client(ANN));
  });

  it('when the gateway that holds it stops, the call goes on, and its client has it at another', async () => {
    const { state } = await parked(client(ANN, { at: two.url }));
    await waitFor(() => controls.some(({ kind }) => kind === 'parked'));
    const held = controls.find((control) => control.kind === 'parked')!;
    expect(held).toMatchObject({ principal: 'ann', keys: { 'reverse-1': 'input-1' } });
    await two.stop();
    expect(controls.some(({ kind }) => kind === 'cancel')).toBe(false);

    // the executor's part: what is open is asked again, then all goes where the client is
    const adopted: Delivery[] = [];
    const settled = Promise.withResolvers<'ack'>();
    await ports.bus.consume({ name: adoptionQueue('tool-executor-1'), exclusive: true }, (delivery) => {
      adopted.push(delivery);
      return settled.promise;
    });
    const back = call(client(ANN), answered(state));
    await waitFor(() => adopted.length === 1);
    const [delivery] = adopted;
    expect(delivery!.body).toMatchObject({ requestId: held.requestId, state, principal: 'ann', digest: held.digest });
    const inbox = executorInbox('tool-executor-1');
    const ask = (id: string, key: object) =>
      delivery!.part({ kind: 'request', id, inbox, method: 'elicitation/create', params: ASKED, ...key });
    ask('reverse-1', { key: 'input-1' });
    await waitFor(() => answers().length === 1);
    expect(answers()[0]).toMatchObject({ id: 'reverse-1', requestId: held.requestId, result: ACCEPTED });
    ask('reverse-2', {});
    const again = (await back).body.result;
    expect(again).toMatchObject({ resultType: 'input_required', inputRequests: { 'input-1': {} } });

    const last = call(client(ANN), answered(again.requestState));
    await waitFor(() => answers().length === 2);
    expect(answers()[1]).toMatchObject({ id: 'reverse-2', result: ACCEPTED });
    delivery!.reply({ ok: true, result: { content: [{ type: 'text', text: 'done' }] } });
    settled.resolve('ack');
    expect((await last).body.result).toMatchObject({
      content: [{ text: 'done' }],
      _meta: { 'io.signalbox/callId': held.requestId },
    });
    expect(await one.events('tool.call.requested')).toHaveLength(1);
    expect(running).toHaveLength(1);
  });

  it('when gateway and executor are gone, the client hears so at once', async () => {
    const { state } = await parked(client(ANN, { at: two.url }));
    await two.stop();
    const { body } = await call(client(ANN), answered(state));
    expect(body.error).toMatchObject({
      code: -32010,
      message: expect.stringContaining('is gone'),
      // the tool is unsafe
      data: { retryable: false, outcome: 'unknown' },
    });
  });
});

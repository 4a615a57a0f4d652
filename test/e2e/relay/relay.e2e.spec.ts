import { runSignalbox, toolsOf, waitFor, type RunningSignalbox } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERAS, type RelayClient } from './support/relay-client.js';
import { RelayUpstream, UpstreamError, type UpstreamCall } from './support/relay-upstream.js';

const WAIT = { timeoutMs: 30_000 };
const STEPS = 50;
const ERROR = { code: -32050, message: 'ünïcode → ☃', data: { nested: [1, null, { a: false }], reason: 'own' } };
/** The data of an error are the server's: where it has a `callId` of its own, ours is left out. */
const OWN_CALL_ID = { code: -32051, message: 'own', data: { callId: 'of the server' } };
const TEXT_DATA = { code: -32052, message: 'text', data: 'only a text' };
const RESULT = {
  content: [
    { type: 'text', text: 'x', annotations: { priority: 0.5 }, _meta: { 'example.com/part': 1 }, 'x-part': [] },
  ],
  structuredContent: { deep: [[], {}, '', 0, -0.5, 1e21, true, null], ключ: '☃' },
  'x-unknown': { kept: true },
};

let gates: Map<string, () => void>;
const progressed = ({ params, say }: UpstreamCall, progress: number): void =>
  say({ method: 'notifications/progress', params: { progressToken: params['_meta'].progressToken, progress } });
const untilOpened = (key: string) => new Promise<void>((resolve) => gates.set(key, resolve));

const tools = {
  // all of it without a pause: nothing but the order in which it was sent keeps it in order
  burst: async (call: UpstreamCall) => {
    for (let step = 1; step <= STEPS; step++) progressed(call, step);
    return { content: [{ type: 'text', text: 'done' }] };
  },
  gated: async (call: UpstreamCall) => {
    const { key } = call.params['arguments'];
    progressed(call, 1);
    call.say({ method: 'notifications/message', params: { level: 'error', data: `of ${key}` } });
    await untilOpened(key);
    progressed(call, 2);
    return { content: [{ type: 'text', text: key }] };
  },
  endless: async (call: UpstreamCall) => {
    progressed(call, 1);
    await new Promise((resolve) => call.cancelled.addEventListener('abort', resolve));
    return { content: [] };
  },
  fails: () => Promise.reject(new UpstreamError(ERROR)),
  failsWithCallId: () => Promise.reject(new UpstreamError(OWN_CALL_ID)),
  failsWithText: () => Promise.reject(new UpstreamError(TEXT_DATA)),
  verbatim: async ({ params }: UpstreamCall) => ({
    ...RESULT,
    _meta: { 'example.com/own': { a: [1] }, 'example.com/seen': params['_meta']['example.com/asked'] },
  }),
  large: async ({ params }: UpstreamCall) => ({
    content: [{ type: 'text', text: '☃'.repeat(params['arguments'].length) }],
  }),
};

let upstream: RelayUpstream;
let signalbox: RunningSignalbox;
beforeAll(async () => {
  gates = new Map();
  upstream = await RelayUpstream.start(tools);
  signalbox = await runSignalbox({ config: { mcpServers: { relay: { url: upstream.url } } } });
  await toolsOf(signalbox, 'relay');
});
afterAll(async () => {
  await signalbox?.[Symbol.asyncDispose]();
  await upstream?.stop();
});

const progressOf = (messages: Record<string, any>[]): unknown[] =>
  messages.filter(({ method }) => method === 'notifications/progress').map(({ params }) => params);

describe.each(ERAS)('a client of %s', (era, connect) => {
  let client: RelayClient;
  beforeAll(async () => {
    client = await connect(signalbox.mcp);
  });

  it('hears all progress in order and before the result, the last one too', async () => {
    const exchange = await client.call('burst', {}, { _meta: { progressToken: 'mine' } });
    expect((await exchange.answer())['result'].content[0].text).toBe('done');
    const expected = Array.from({ length: STEPS }, (_, step) => ({ progressToken: 'mine', progress: step + 1 }));
    expect(progressOf(exchange.messages)).toEqual(expected);
    expect(exchange.messages.at(-1)).toHaveProperty('result');
  });

  it('with several calls in flight has on the stream of each what belongs to it', async () => {
    const keys = ['a', 'b', 'c', 'd'].map((key) => `${era}-${key}`);
    const level = { 'io.modelcontextprotocol/logLevel': 'debug' };
    const starting = keys.map((key) =>
      client.call('gated', { key }, { _meta: { progressToken: `t-${key}`, ...level } }),
    );
    const exchanges = await Promise.all(starting);
    await waitFor(() => keys.every((key) => gates.has(key)), WAIT);
    for (const key of keys.toReversed()) gates.get(key)!();
    for (const [index, key] of keys.entries()) {
      const exchange = exchanges[index]!;
      expect((await exchange.answer())['result'].content[0].text).toBe(key);
      expect(progressOf(exchange.messages)).toEqual([
        { progressToken: `t-${key}`, progress: 1 },
        { progressToken: `t-${key}`, progress: 2 },
      ]);
      const logs = exchange.messages.filter(({ method }) => method === 'notifications/message');
      expect(logs.map(({ params }) => params.data)).toEqual([`of ${key}`]);
    }
  });

  it('cancels one call of two, and the server hears of that one alone', async () => {
    const before = upstream.heard('notifications/cancelled').length;
    const kept = await client.call('gated', { key: `${era}-kept` }, { _meta: { progressToken: 1 } });
    const given = await client.call('endless', {}, { _meta: { progressToken: 2 } });
    await given.find(({ method }) => method === 'notifications/progress');
    await given.cancel();
    await waitFor(() => upstream.heard('notifications/cancelled').length === before + 1, WAIT);
    const cancelled = upstream.heard('notifications/cancelled').at(-1)!;
    const endless = upstream.heard('tools/call').findLast(({ message }) => message['params'].name === 'endless')!;
    expect(cancelled.session).toBe(endless.session);
    expect(cancelled.message['params'].requestId).toBe(endless.message['id']);
    await waitFor(() => gates.has(`${era}-kept`), WAIT);
    gates.get(`${era}-kept`)!();
    expect((await kept.answer())['result'].content[0].text).toBe(`${era}-kept`);
    expect(upstream.heard('notifications/cancelled')).toHaveLength(before + 1);
  });

  it('gets an error of the server with its code, message and data', async () => {
    const { error } = await (await client.call('fails')).answer();
    expect(error).toEqual({ ...ERROR, data: { ...ERROR.data, callId: expect.any(String) } });
    const withIdOfItsOwn = await (await client.call('failsWithCallId')).answer();
    expect(withIdOfItsOwn['error']).toEqual(OWN_CALL_ID);
    const withText = await (await client.call('failsWithText')).answer();
    expect(withText['error']).toEqual(TEXT_DATA);
  });

  it('gets results as they are: structured content, _meta both ways, what no revision knows', async () => {
    const asked = { 'example.com/asked': { q: ['ü'] } };
    const { result } = await (await client.call('verbatim', {}, { _meta: asked })).answer();
    expect(result).toMatchObject(RESULT);
    expect(result.structuredContent).toEqual(RESULT.structuredContent);
    expect(result.content).toEqual(RESULT.content);
    expect(result._meta).toMatchObject({ 'example.com/own': { a: [1] }, 'example.com/seen': { q: ['ü'] } });
  });

  it.each([64 * 1024, 1024 * 1024])('gets a text of %d characters whole', async (length) => {
    const { result } = await (await client.call('large', { length })).answer();
    expect(result.content[0].text === '☃'.repeat(length)).toBe(true);
  });
});

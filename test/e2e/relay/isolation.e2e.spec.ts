import { SseReader } from '../../../apps/gateway/test/sse-reader.js';
import { runSignalbox, waitFor, type RunningSignalbox } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sessionClient, statelessClient } from './support/relay-client.js';
import { RelayUpstream, type UpstreamCall } from './support/relay-upstream.js';

const WAIT = { timeoutMs: 30_000 };
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const ADA = bearer('ada-0123456789abcdef');
const BOB = bearer('bob-0123456789abcdef');
/** Longer than any of these clients waits between two requests, on a busy machine too. */
const IDLE_MS = 15_000;
const config = (url: string) => ({
  mcpServers: { relay: { url } },
  signalbox: {
    gateway: {
      auth: {
        tokens: [
          { principal: 'ada', token: 'ada-0123456789abcdef' },
          { principal: 'bob', token: 'bob-0123456789abcdef' },
        ],
      },
      sessions: { idleMs: IDLE_MS, sweepMs: 100 },
    },
  },
});

const SAMPLED = { role: 'assistant', content: { type: 'text', text: 'sampled' }, model: 'm' };
const QUESTION = { messages: [], maxTokens: 1 };
const opened = new Map<string, () => void>();
const tools = {
  // says of whom it is, by progress and by a log message, until the test lets it go
  own: async ({ params, say }: UpstreamCall) => {
    const { who } = params['arguments'];
    const { progressToken } = params['_meta'];
    say({ method: 'notifications/progress', params: { progressToken, progress: 1, message: who } });
    for (const level of ['debug', 'info', 'error']) {
      say({ method: 'notifications/message', params: { level, data: who } });
    }
    await new Promise<void>((resolve) => opened.set(who, resolve));
    say({ method: 'notifications/progress', params: { progressToken, progress: 2, message: who } });
    return { content: [{ type: 'text', text: who }] };
  },
  session: async ({ session }: UpstreamCall) => ({ content: [{ type: 'text', text: session }] }),
  ask: async ({ ask }: UpstreamCall) => {
    const { result, error } = await ask(`ask-${Math.random()}`, 'sampling/createMessage', QUESTION);
    return { content: [{ type: 'text', text: JSON.stringify(result ?? error) }] };
  },
  // asks, and takes it back; says so by its result
  retract: async ({ ask, say, params }: UpstreamCall) => {
    const requestId = `retracted-${params['arguments'].who}`;
    void ask(requestId, 'sampling/createMessage', QUESTION);
    await new Promise<void>((resolve) => opened.set(requestId, resolve));
    say({ method: 'notifications/cancelled', params: { requestId, reason: 'no longer needed' } });
    return { content: [{ type: 'text', text: 'taken back' }] };
  },
};

let upstream: RelayUpstream;
let signalbox: RunningSignalbox;
beforeAll(async () => {
  upstream = await RelayUpstream.start(tools);
  signalbox = await runSignalbox({ config: config(upstream.url) });
  const listed = async () => {
    const client = await sessionClient(signalbox.mcp, {}, ADA);
    const { body } = await client.wire.request('tools/list');
    await drop(client.wire, ADA);
    return JSON.stringify(body).includes('relay__own');
  };
  await waitFor(listed, { timeoutMs: 60_000, intervalMs: 200 });
});
afterAll(async () => {
  await signalbox?.[Symbol.asyncDispose]();
  await upstream?.stop();
});

const drop = (wire: { sessionId: string | undefined }, headers: Record<string, string>) =>
  fetch(signalbox.mcp, { method: 'DELETE', headers: { ...headers, 'mcp-session-id': wire.sessionId! } });
const said = (messages: Record<string, any>[], method: string) =>
  messages.filter((message) => message['method'] === method).map(({ params }) => params);
/** The session at the server in which a call of this client runs. */
const sessionOf = (who: string): string =>
  upstream.heard('tools/call').findLast(({ message }) => message['params'].arguments.who === who)!.session;

describe('clients beside each other', () => {
  it('that use the same progress token hear each their own call, at their own log level', async () => {
    const [ada, bob] = await Promise.all([
      sessionClient(signalbox.mcp, {}, ADA),
      sessionClient(signalbox.mcp, {}, BOB),
    ]);
    const third = await statelessClient(signalbox.mcp, {}, BOB);
    await ada.wire.request('logging/setLevel', { level: 'error' });
    await bob.wire.request('logging/setLevel', { level: 'debug' });
    const token = { progressToken: 7 };
    const exchanges = await Promise.all([
      ada.call('own', { who: 'ada' }, { _meta: token }),
      bob.call('own', { who: 'bob' }, { _meta: token }),
      third.call('own', { who: 'third' }, { _meta: { ...token, 'io.modelcontextprotocol/logLevel': 'info' } }),
    ]);
    const whose = ['ada', 'bob', 'third'];
    await waitFor(() => whose.every((who) => opened.has(who)), WAIT);
    for (const who of whose) opened.get(who)!();
    await Promise.all(exchanges.map((exchange) => exchange.answer()));
    const levels = [['error'], ['debug', 'info', 'error'], ['info', 'error']];
    for (const [index, who] of whose.entries()) {
      const { messages } = exchanges[index]!;
      expect(said(messages, 'notifications/progress')).toEqual([
        { progressToken: 7, progress: 1, message: who },
        { progressToken: 7, progress: 2, message: who },
      ]);
      expect(said(messages, 'notifications/message')).toEqual(levels[index]!.map((level) => ({ level, data: who })));
    }
    expect(new Set(whose.map(sessionOf)).size).toBe(3);
  });

  it('of two principals have no session with the server in common, also without one of their own', async () => {
    const sessionFor = async (headers: Record<string, string>, capabilities: object): Promise<string> => {
      const client = await statelessClient(signalbox.mcp, capabilities, headers);
      return (await (await client.call('session')).answer())['result'].content[0].text;
    };
    const byRest = async (headers: Record<string, string>): Promise<string> => {
      const init = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: '{}' };
      const { result } = (await (await fetch(`${signalbox.gateway}/tools/relay__session/call`, init)).json()) as any;
      return result.content[0].text;
    };
    for (const capabilities of [{}, { sampling: {} }]) {
      const ada = await sessionFor(ADA, capabilities);
      expect(await sessionFor(BOB, capabilities)).not.toBe(ada);
      expect(await sessionFor(ADA, capabilities)).toBe(ada);
    }
    expect(await byRest(ADA)).not.toBe(await byRest(BOB));
  });

  it('cannot answer each other’s questions, nor take up each other’s parked state', async () => {
    const ada = await sessionClient(signalbox.mcp, { sampling: {} }, ADA);
    const bob = await sessionClient(signalbox.mcp, { sampling: {} }, BOB);
    const asking = await ada.call('ask');
    const { id } = await asking.find(({ method }) => method === 'sampling/createMessage');
    const forged = { ...SAMPLED, model: 'forged' };
    await bob.wire.post({ jsonrpc: '2.0', id, result: forged });
    await ada.wire.post({ jsonrpc: '2.0', id, result: SAMPLED });
    const { result } = await asking.answer();
    expect(JSON.parse(result.content[0].text)).toEqual(SAMPLED);

    const capabilities = { sampling: {} };
    const mine = await statelessClient(signalbox.mcp, capabilities, ADA);
    const other = await statelessClient(signalbox.mcp, capabilities, BOB);
    const parked = (await (await mine.call('ask')).answer())['result'];
    const key = Object.keys(parked.inputRequests)[0]!;
    const answered = { requestState: parked.requestState, inputResponses: { [key]: SAMPLED } };
    expect((await (await other.call('ask', {}, answered)).answer())['error'].code).toBe(-32602);
    const done = (await (await mine.call('ask', {}, answered)).answer())['result'];
    expect(JSON.parse(done.content[0].text)).toEqual(SAMPLED);
  });

  it('a question that the server takes back is taken back from the client that it was put to', async () => {
    const ada = await sessionClient(signalbox.mcp, { sampling: {} }, ADA);
    const exchange = await ada.call('retract', { who: 'ada' });
    const { id } = await exchange.find(({ method }) => method === 'sampling/createMessage');
    opened.get('retracted-ada')!();
    await exchange.answer();
    expect(said(exchange.messages, 'notifications/cancelled')).toMatchObject([{ requestId: id }]);
  });

  it('hear of changes to what they subscribed to, and of nothing else', async () => {
    const [ada, bob] = await Promise.all([
      sessionClient(signalbox.mcp, {}, ADA),
      sessionClient(signalbox.mcp, {}, BOB),
    ]);
    const abort = new AbortController();
    const streams = await Promise.all(
      [ada, bob].map(async ({ wire }) => new SseReader(await wire.get({}, abort.signal))),
    );
    const before = upstream.heard('resources/subscribe').length;
    expect((await ada.wire.request('resources/subscribe', { uri: 'relay://one' })).body.result).toEqual({});
    await waitFor(() => upstream.heard('resources/subscribe').length > before, WAIT);
    const { session } = upstream.heard('resources/subscribe').at(-1)!;
    await waitFor(() => upstream.sessions.get(session)?.stream, WAIT);
    const updated = { method: 'notifications/resources/updated', params: { uri: 'relay://one' } };
    upstream.push(updated, session);
    await streams[0]!.find(({ data }) => data?.method === updated.method);
    // both hear this; so whatever was to come before it has come
    // another name with each try: a list is only said to have changed when it has
    (upstream.tools as Record<string, unknown>)[`added-${Object.keys(upstream.tools).length}`] = tools.ask;
    upstream.push({ method: 'notifications/tools/list_changed' });
    const changed = ({ data }: { data: any }) => data?.method === 'notifications/tools/list_changed';
    await Promise.all(streams.map((stream) => stream.find(changed)));
    const updates = streams.map(({ events }) => events.filter(({ data }) => data?.method === updated.method));
    expect(updates.map(({ length }) => length)).toEqual([1, 0]);
    abort.abort();
  });
});

describe('what a client leaves behind', () => {
  const callOnce = async (who: string) => {
    const client = await sessionClient(signalbox.mcp, {}, ADA);
    const exchange = await client.call('own', { who }, { _meta: { progressToken: 1 } });
    await waitFor(() => opened.has(who), WAIT);
    return { ...client, exchange, session: sessionOf(who) };
  };

  it('is gone at the server after DELETE, with the call that ran', async () => {
    const { wire, session } = await callOnce('deleted');
    expect(upstream.sessions.has(session)).toBe(true);
    expect((await drop(wire, ADA)).status).toBe(204);
    await waitFor(() => !upstream.sessions.has(session), WAIT);
  });

  it('is gone at the server when the session was idle for long', { timeout: 120_000 }, async () => {
    const { exchange, session } = await callOnce('idle');
    opened.get('idle')!();
    await exchange.answer();
    expect(upstream.sessions.has(session)).toBe(true);
    await waitFor(() => !upstream.sessions.has(session), { timeoutMs: 100_000 });
  });
});

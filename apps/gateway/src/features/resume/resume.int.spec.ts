import { createEmbeddedPorts } from '@signalbox/adapter-embedded';
import {
  createEvent,
  EXECUTOR_CONTROL,
  type ExecuteCommand,
  type ExecutorControl,
  type NewEvent,
} from '@signalbox/contracts';
import type { RunningService } from '@signalbox/nest-kit';
import type { Delivery, PortSet } from '@signalbox/ports';
import { waitFor as waitForAtMost } from '@signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contextOf, startGateway, WireClient, type GatewayUnderTest } from '../../../test/gateway-under-test.js';
import { completed, logAttempt, lost, progressed, started } from '../../../test/played-attempt.js';
import { SseReader } from '../../../test/sse-reader.js';
import { start } from '../../index.js';

const OPTIONS = {
  gateway: {
    streams: { upgradeAfterMs: 20, followMs: 10, lostCallMs: 600_000, maxFollowed: 2 },
    calls: { inlineBytes: 512, drainMs: 50 },
  },
};
const waitFor = <T>(condition: () => T | Promise<T>) => waitForAtMost(condition, { timeoutMs: 15_000 });
const tool = { name: 't', inputSchema: { type: 'object' } };
let ports: PortSet & { close(): Promise<void> };
let one: GatewayUnderTest;
let two: RunningService;
let client: WireClient;
/** The same client at the second gateway. */
let there: WireClient;
const controls: ExecutorControl[] = [];
const held: { command: ExecuteCommand; delivery: Delivery }[] = [];

beforeEach(async () => {
  controls.length = held.length = 0;
  ports = await createEmbeddedPorts({ dataDir: ':memory:' });
  await ports.bus.consume({ name: 'test.control', topics: [EXECUTOR_CONTROL], exclusive: true }, ({ body }) => {
    controls.push(body as ExecutorControl);
    return 'ack';
  });
  one = await startGateway({ ...OPTIONS, ports });
  two = await start({ ...contextOf(ports, OPTIONS), instanceId: 'gateway-2' });
  await one.serve('s', { tools: [tool], prompts: [{ name: 'p' }] }, (command, delivery) => {
    held.push({ command, delivery });
    return undefined;
  });
  client = new WireClient(`${one.url}/mcp`);
  await client.initialize();
  there = new WireClient(`${two.url}/mcp`);
  there.sessionId = client.sessionId;
  await waitFor(async () => (await client.request('tools/list')).body.result.tools.length === 1);
});
afterEach(async () => {
  await two.stop();
  await one.stop();
});

interface RunningCall {
  readonly callId: string;
  readonly reader: SseReader;
  readonly delivery: Delivery;
  /** Writes what the executor of the call would. */
  log(...events: NewEvent[]): Promise<void>;
  /** Reports progress on the stream, and in the log. */
  progress(...values: number[]): Promise<void>;
  /** Breaks the client's connection. */
  leave(): void;
}

async function call(id: string | number, arguments_: object = {}): Promise<RunningCall> {
  const abort = new AbortController();
  const params = { name: 's__t', arguments: arguments_, _meta: { progressToken: `token of ${id}` } };
  const { signal } = abort;
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const response = fetch(client.url, {
    method: 'POST',
    signal,
    headers: { ...headers, 'mcp-session-id': client.sessionId! },
    body: JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }),
  });
  await waitFor(() => held.length > 0);
  const { command, delivery } = held.shift()!;
  const reader = new SseReader(await response);
  await reader.find((event) => event.id !== undefined);
  const { callId } = command.call!;
  const log = (...events: NewEvent[]): Promise<void> => logAttempt(ports, callId, ...events);
  await log(started(callId));
  const progress = async (...values: number[]): Promise<void> => {
    for (const value of values) {
      const part = { progressToken: callId, progress: value, total: 10 };
      delivery.part({ kind: 'notification', method: 'notifications/progress', params: part });
      await log(progressed(callId, value, { total: 10 }));
    }
  };
  return { callId, reader, delivery, log, progress, leave: () => abort.abort() };
}

const text = (value: string) => ({ content: [{ type: 'text', text: value }] });
const progressOf = ({ events }: SseReader): number[] =>
  events.filter(({ data }) => data?.method === 'notifications/progress').map(({ data }) => data.params.progress);
const answersOf = ({ events }: SseReader) => events.map(({ data }) => data).filter((data) => data?.id !== undefined);

async function takeUp(at: WireClient, lastEventId: string, signal?: AbortSignal): Promise<SseReader> {
  const response = await at.get({ 'last-event-id': lastEventId }, signal);
  expect(response.status, response.status === 200 ? '' : await response.clone().text()).toBe(200);
  return new SseReader(response);
}
const lastId = ({ events }: SseReader): string => events.at(-1)!.id!;

describe('a call whose stream broke', () => {
  it('is taken up at another gateway: what was missed comes in order, once, and then what is new, and the result', async () => {
    const running = await call('mine');
    await running.progress(1, 2);
    await running.reader.find(({ data }) => data?.params?.progress === 2);
    running.leave();
    await running.progress(3, 4);
    const again = await takeUp(there, lastId(running.reader));
    await again.find(({ data }) => data?.params?.progress === 4);
    await running.progress(5);
    await again.find(({ data }) => data?.params?.progress === 5);
    await running.log(completed(running.callId, text('done')));
    await again.done;
    expect(progressOf(again)).toEqual([3, 4, 5]);
    expect(again.events.find(({ data }) => data?.params)!.data.params).toEqual({
      progressToken: 'token of mine',
      progress: 3,
      total: 10,
    });
    expect(answersOf(again)).toEqual([
      {
        jsonrpc: '2.0',
        id: 'mine',
        result: {
          ...text('done'),
          _meta: { 'io.signalbox/callId': running.callId, 'io.signalbox/replayed': true },
        },
      },
    ]);
    const nothing = await there.get({ 'last-event-id': lastId(again) });
    expect(await nothing.text()).not.toContain('data:');
  });

  it('can be taken up again and again, here and there', async () => {
    const running = await call(1);
    await running.progress(1);
    await running.reader.find(({ data }) => data?.params?.progress === 1);
    running.leave();
    let last = lastId(running.reader);
    for (const [at, value] of [
      [there, 2],
      [there, 3],
      [client, 4],
      [there, 5],
    ] as const) {
      const abort = new AbortController();
      const again = await takeUp(at, last, abort.signal);
      await running.progress(value);
      await again.find(({ data }) => data?.params?.progress === value);
      expect(progressOf(again)).toEqual([value]);
      last = lastId(again);
      abort.abort();
      await again.done;
    }
    await running.log(completed(running.callId, text('at last')));
    const again = await takeUp(there, last);
    await again.done;
    expect([progressOf(again), answersOf(again)]).toEqual([[], [expect.objectContaining({ id: 1 })]]);
  });

  it('is taken up where it was when its events had to make room', async () => {
    const small = await start({
      ...contextOf(ports, { gateway: { streams: { ...OPTIONS.gateway.streams, bufferEvents: 2 } } }),
      instanceId: 'gateway-3',
    });
    try {
      client = Object.assign(new WireClient(`${small.url}/mcp`), { sessionId: client.sessionId });
      const running = await call(5);
      const primed = await running.reader.find(({ id }) => id !== undefined);
      await running.progress(1, 2, 3, 4);
      await running.reader.find(({ data }) => data?.params?.progress === 4);
      running.leave();
      const again = await takeUp(client, primed.id!);
      await running.log(completed(running.callId, text('done')));
      await again.done;
      expect([progressOf(again), answersOf(again).length]).toEqual([[1, 2, 3, 4], 1]);
    } finally {
      await small.stop();
    }
  });

  it('waits for the attempt that follows a lost one, and tells no progress twice', async () => {
    const running = await call(2);
    await running.progress(1, 2);
    await running.reader.find(({ data }) => data?.params?.progress === 2);
    running.leave();
    const again = await takeUp(there, lastId(running.reader));
    const { callId } = running;
    const again2 = (progress: number) => createEvent('tool.call.progressed', { callId, attempt: 2, progress });
    await running.log(lost(callId, 1), started(callId, 2), again2(1), again2(2), again2(3));
    await running.log(completed(callId, text('second'), 2));
    await again.done;
    expect(progressOf(again)).toEqual([3]);
    expect(answersOf(again)[0].result.content).toEqual(text('second').content);
  });

  it('ends with the loss when no attempt follows it', async () => {
    const hasty = await start({
      ...contextOf(ports, { gateway: { streams: { ...OPTIONS.gateway.streams, lostCallMs: 20 } } }),
      instanceId: 'gateway-3',
    });
    try {
      const running = await call(3);
      running.leave();
      await running.log(lost(running.callId, 1));
      const at = Object.assign(new WireClient(`${hasty.url}/mcp`), { sessionId: client.sessionId });
      const again = await takeUp(at, lastId(running.reader));
      await again.done;
      expect(answersOf(again)).toMatchObject([
        { id: 3, error: { message: 'lost', data: { callId: running.callId, retryable: true } } },
      ]);
    } finally {
      await hasty.stop();
    }
  });

  it('brings a result that lies in the blob store', async () => {
    const running = await call(4);
    running.leave();
    const large = text('x'.repeat(100_000));
    const sha256 = await ports.blobs.put(Buffer.from(JSON.stringify(large)));
    await running.log(completed(running.callId, { $blob: { sha256, bytes: 1 } }));
    const again = await takeUp(there, lastId(running.reader));
    await again.done;
    expect(answersOf(again)[0].result.content).toEqual(large.content);
  });

  it('goes on when its gateway stops in good order, and is taken up at another one', async () => {
    const running = await call('on');
    await one.service.stop();
    await running.reader.done;
    expect(answersOf(running.reader)).toEqual([]);
    expect(controls.filter(({ kind }) => kind === 'cancel')).toEqual([]);
    const again = await takeUp(there, lastId(running.reader));
    await running.log(completed(running.callId, text('done')));
    await again.done;
    expect(answersOf(again)).toMatchObject([{ id: 'on', result: text('done') }]);
  });

  it('is cancelled where it was taken up', async () => {
    const running = await call('x');
    running.leave();
    const again = await takeUp(there, lastId(running.reader));
    const params = { requestId: 'x', reason: 'no longer needed' };
    await there.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params });
    await again.done;
    expect(answersOf(again)).toEqual([]);
    await waitFor(() => controls.some((control) => control.kind === 'cancel' && control.requestId === running.callId));
  });

  it('is that of one session only', async () => {
    const running = await call(6);
    running.leave();
    const other = new WireClient(`${two.url}/mcp`);
    await other.initialize();
    const response = await other.get({ 'last-event-id': lastId(running.reader) });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('is unknown');
  });

  it('waits its turn when too many are followed', async () => {
    const aborts: AbortController[] = [];
    const ids: string[] = [];
    for (const id of [1, 2, 3]) {
      const running = await call(id);
      running.leave();
      ids.push(lastId(running.reader));
    }
    for (const id of ids.slice(0, 2)) {
      aborts.push(new AbortController());
      await takeUp(there, id, aborts.at(-1)!.signal);
    }
    const refused = await there.get({ 'last-event-id': ids[2]! });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    aborts[0]!.abort();
    await waitFor(async () => {
      const abort = new AbortController();
      const response = await there.get({ 'last-event-id': ids[2]! }, abort.signal);
      abort.abort();
      return response.status === 200;
    });
    aborts[1]!.abort();
  });
});

describe('a request that is not a call', () => {
  it('whose stream broke ends with an error that says to ask again', async () => {
    const abort = new AbortController();
    const response = fetch(client.url, {
      method: 'POST',
      signal: abort.signal,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-session-id': client.sessionId!,
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 'q', method: 'prompts/get', params: { name: 's__p' } }),
    });
    await waitFor(() => held.length > 0);
    const primed = await new SseReader(await response).find(({ id }) => id !== undefined);
    abort.abort();
    const again = await takeUp(there, primed.id!);
    await again.done;
    expect(answersOf(again)).toMatchObject([{ id: 'q', error: { data: { retryable: true } } }]);
  });
});

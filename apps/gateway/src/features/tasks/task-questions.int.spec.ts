import {
  GetTaskResultV2Schema,
  TaskStatusNotificationV2Schema,
  UpdateTaskResultV2Schema,
} from '@modelcontextprotocol/ext-tasks/core/v2';
import { executorInbox, type ExecutorControl } from '@signalbox/contracts';
import { waitFor as waitForAtMost } from '@signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { completed, logAttempt, progressed, started } from '../../../test/played-attempt.js';
import { SseReader } from '../../../test/sse-reader.js';
import { StatelessWireClient } from '../../../test/stateless-client.js';
import { TwoGateways, type HeldCall } from '../../../test/two-gateways.js';

const waitFor = <T>(condition: () => T | Promise<T>) => waitForAtMost(condition, { timeoutMs: 15_000 });
const TASKS = 'io.modelcontextprotocol/tasks';
const capabilities = { elicitation: {}, extensions: { [TASKS]: {} } };
const INBOX = executorInbox('tool-executor-1');
const form = { message: 'Sure?', requestedSchema: { type: 'object', properties: { ok: { type: 'boolean' } } } };
const yes = { action: 'accept', content: { ok: true } };
const done = { content: [{ type: 'text', text: 'done' }] };

let both: TwoGateways;
let client: StatelessWireClient;
/** The same client at the second gateway. */
let there: StatelessWireClient;
const answers: Extract<ExecutorControl, { kind: 'response' }>[] = [];

async function begin(tasks: object = {}): Promise<void> {
  answers.length = 0;
  const gateway = { tasks, streams: { followMs: 10 }, calls: { drainMs: 50 } };
  both = await TwoGateways.start(gateway, [
    { name: 'asks', execution: { taskSupport: 'optional' } },
    { name: 'insists', execution: { taskSupport: 'required' } },
    { name: 'plain' },
  ]);
  await both.ports.bus.consume({ name: INBOX }, ({ body }) => {
    answers.push(body as (typeof answers)[number]);
    return 'ack';
  });
  client = new StatelessWireClient(`${both.one.url}/mcp`, { capabilities });
  there = new StatelessWireClient(`${both.two.url}/mcp`, { capabilities });
}
afterEach(() => both.stop());

const call = (tool: string, more: object = {}) =>
  client.request('tools/call', { name: `s__${tool}`, arguments: {}, ...more });
const get = async (taskId: string, at = client) => {
  const { result } = (await at.request('tasks/get', { taskId })).body;
  GetTaskResultV2Schema.parse(result);
  return result;
};
const update = async (taskId: string, inputResponses: unknown, at = client) =>
  (await at.request('tasks/update', { taskId, inputResponses })).body;
const ask = ({ delivery }: HeldCall, id: string, method = 'elicitation/create', params: object = form): void =>
  delivery.part({ kind: 'request', id, inbox: INBOX, method, params });
const finish = async ({ command, delivery }: HeldCall, result: object = done): Promise<void> => {
  const { callId } = command.call!;
  await logAttempt(both.ports, callId, started(callId), completed(callId, result));
  delivery.reply({ ok: true, result });
};
const needsInput = (taskId: string, count: number) =>
  waitFor(async () => {
    const { inputRequests = {} } = await get(taskId);
    return Object.keys(inputRequests).length === count ? (inputRequests as Record<string, object>) : undefined;
  });

describe('what a server asks in the course of a task', () => {
  beforeEach(() => begin());

  it('is shown at every gateway, and answered at any, one by one', async () => {
    const { taskId } = (await call('asks')).body.result;
    const held = await both.nextCall();
    ask(held, 'q1');
    ask(held, 'q2');
    const [one, two] = Object.keys(await needsInput(taskId, 2)) as [string, string];
    expect(await get(taskId, there)).toMatchObject({
      status: 'input_required',
      inputRequests: { [one]: { method: 'elicitation/create', params: form } },
    });
    UpdateTaskResultV2Schema.parse((await update(taskId, { [two]: yes }, there)).result);
    expect(Object.keys((await get(taskId)).inputRequests)).toEqual([one]);
    await waitFor(() => answers.length === 1);
    const { requestId } = held.command;
    expect(answers).toEqual([{ kind: 'response', requestId, id: 'q2', result: yes }]);
    await update(taskId, { [one]: yes, [two]: yes, unknown: 1 });
    expect((await get(taskId)).status).toBe('working');
    await waitFor(() => answers.length === 2);
    expect(answers[1]).toMatchObject({ id: 'q1', result: yes });
    await finish(held);
    expect(await get(taskId, there)).toMatchObject({ status: 'completed', result: done });
    // what is over needs no answer
    await update(taskId, { [one]: yes });
    expect(answers).toHaveLength(2);
  });

  it('can still be answered when the gateway of the call is gone', async () => {
    const { taskId } = (await call('asks')).body.result;
    const held = await both.nextCall();
    ask(held, 'q1');
    const [key] = Object.keys(await needsInput(taskId, 1)) as [string];
    await both.one.service.stop();
    await update(taskId, { [key]: yes }, there);
    await waitFor(() => answers.length === 1);
    await finish(held);
    expect((await get(taskId, there)).status).toBe('completed');
  });

  it('is not answered by what is no answer to it', async () => {
    const { taskId } = (await call('asks')).body.result;
    const held = await both.nextCall();
    ask(held, 'q1');
    const [key] = Object.keys(await needsInput(taskId, 1)) as [string];
    for (const wrong of [{ [key]: 1 }, { [key]: {} }, 'text', null, [yes]]) {
      expect((await update(taskId, wrong)).error.code).toBe(-32602);
    }
    expect((await get(taskId)).status).toBe('input_required');
    expect(answers).toEqual([]);
    await finish(held);
  });

  it('is gone when the server withdraws it, and refused when the client cannot be asked', async () => {
    const { taskId } = (await call('asks')).body.result;
    const held = await both.nextCall();
    ask(held, 'q1');
    await needsInput(taskId, 1);
    held.delivery.part({ kind: 'notification', method: 'notifications/cancelled', params: { requestId: 'q1' } });
    await needsInput(taskId, 0);
    ask(held, 'q2', 'sampling/createMessage', {});
    await waitFor(() => answers.length === 1);
    expect(answers[0]).toMatchObject({ id: 'q2', error: { code: -32601 } });
    expect((await get(taskId)).status).toBe('working');
    await finish(held);
  });

  it('goes to the client by the answer to its call where that is no task', async () => {
    const answer = call('plain');
    const held = await both.nextCall();
    ask(held, 'q1');
    const { inputRequests, resultType, requestState } = (await answer).body.result;
    expect([resultType, Object.values(inputRequests)]).toEqual([
      'input_required',
      [{ method: 'elicitation/create', params: form }],
    ]);
    const [key] = Object.keys(inputRequests) as [string];
    const again = call('plain', { requestState, inputResponses: { [key]: yes } });
    await waitFor(() => answers.length === 1);
    await finish(held);
    expect((await again).body.result).toMatchObject({ resultType: 'complete', ...done });
  });
});

describe('a server of 2026-07-28', () => {
  const inputRequired = {
    resultType: 'input_required',
    inputRequests: { name: { method: 'elicitation/create', params: form } },
  };

  it('that asks before it begins is answered before there is a task', async () => {
    await begin({ inputWaitMs: 60_000 });
    await both.modernise();
    const first = call('insists');
    const held = await both.nextCall();
    expect(held.command.call!.task!.passInputUntil).toBeGreaterThan(Date.now());
    await finish(held, inputRequired);
    expect((await first).body.result).toMatchObject(inputRequired);
    const second = call('insists', { inputResponses: { name: yes } });
    await finish(await both.nextCall());
    const { resultType, taskId, ...rest } = (await second).body.result;
    expect([resultType, rest.requestState, rest.inputRequests]).toEqual(['task', undefined, undefined]);
    expect(await get(taskId, there)).toMatchObject({ status: 'completed', result: done });
  });

  it('that asks in the course of a call, as executors put it then, makes it a task', async () => {
    await begin({ afterMs: 60_000 });
    await both.modernise();
    const answer = call('plain');
    const held = await both.nextCall();
    ask(held, 'q1');
    const { resultType, taskId } = (await answer).body.result;
    expect(resultType).toBe('task');
    const [key] = Object.keys(await needsInput(taskId, 1)) as [string];
    await update(taskId, { [key]: yes });
    await waitFor(() => answers.length === 1);
    await finish(held);
    expect((await get(taskId)).status).toBe('completed');
  });
});

describe('a client that listens', () => {
  beforeEach(() => begin({ maxWatched: 2 }));

  async function listen(notifications: object, at = client) {
    const abort = new AbortController();
    const response = await at.send('subscriptions/listen', { notifications }, { signal: abort.signal });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const reader = new SseReader(response);
    const acknowledged = await reader.find(({ data }) => data?.method === 'notifications/subscriptions/acknowledged');
    const statuses = () =>
      reader.events
        .filter(({ data }) => data?.method === 'notifications/tasks')
        .map(({ data }) => data.params.statusMessage ?? data.params.status);
    return { abort, reader, agreed: acknowledged.data.params.notifications, statuses };
  }

  it('hears of every change of its tasks, at any gateway, to the end', async () => {
    const { taskId } = (await call('asks')).body.result;
    const held = await both.nextCall();
    const { callId } = held.command.call!;
    const { abort, reader, agreed, statuses } = await listen({ taskIds: [taskId, 'unknown'] }, there);
    expect(agreed).toEqual({ taskIds: [taskId] });
    await waitFor(() => statuses().length === 1);
    await logAttempt(both.ports, callId, started(callId), progressed(callId, 1, { total: 2 }));
    await waitFor(() => statuses().length === 2);
    ask(held, 'q1');
    await waitFor(() => statuses().length === 3);
    const [key] = Object.keys(await needsInput(taskId, 1)) as [string];
    await update(taskId, { [key]: yes });
    await waitFor(() => statuses().length === 4);
    await finish(held);
    const { data } = await reader.find((event) => event.data?.params?.status === 'completed');
    for (const event of reader.events) {
      if (event.data?.method === 'notifications/tasks') TaskStatusNotificationV2Schema.parse(event.data);
    }
    expect(data.params).toMatchObject({ taskId, result: done, ttlMs: expect.any(Number) });
    expect(data.params._meta).toHaveProperty(['io.modelcontextprotocol/subscriptionId']);
    expect(statuses()).toEqual(['working', '1 of 2', 'The server waits for input', '1 of 2', 'completed']);
    abort.abort();
  });

  it('hears of as many as may be watched, and leaves room when it goes', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.push((await call('asks')).body.result.taskId);
    const first = await listen({ taskIds: ids.slice(0, 2) });
    expect(first.agreed.taskIds).toEqual(ids.slice(0, 2));
    const second = await listen({ taskIds: ids.slice(2) });
    expect(second.agreed.taskIds).toEqual([]);
    second.abort.abort();
    first.abort.abort();
    await waitFor(async () => {
      const next = await listen({ taskIds: ids.slice(2) });
      next.abort.abort();
      return next.agreed.taskIds.length === 1;
    });
    for (let i = 0; i < 3; i++) await finish(await both.nextCall());
  });

  it('must take tasks, and name them as it should', async () => {
    const simple = new StatelessWireClient(`${both.one.url}/mcp`);
    const refused = await simple.request('subscriptions/listen', { notifications: { taskIds: ['x'] } });
    const requiredCapabilities = { extensions: { [TASKS]: {} } };
    expect(refused).toMatchObject({ status: 400, body: { error: { code: -32021, data: { requiredCapabilities } } } });
    for (const taskIds of ['x', [1], ['a', 'b', 'c']]) {
      const { body } = await client.request('subscriptions/listen', { notifications: { taskIds } });
      expect(body.error).toMatchObject({ code: -32602, message: expect.stringContaining('taskIds') });
    }
  });
});

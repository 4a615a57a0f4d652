import { CreateTaskResultV2Schema, GetTaskResultV2Schema } from '@modelcontextprotocol/ext-tasks/core/v2';
import { waitFor as waitForAtMost } from '@signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contextOf, WireClient } from '../../../test/gateway-under-test.js';
import { cancelled, completed, logAttempt, progressed, started } from '../../../test/played-attempt.js';
import { StatelessWireClient } from '../../../test/stateless-client.js';
import { TwoGateways, type HeldCall } from '../../../test/two-gateways.js';
import { start } from '../../index.js';
import { TASK_EXPIRY } from './task-expiry.js';

const waitFor = <T>(condition: () => T | Promise<T>) => waitForAtMost(condition, { timeoutMs: 15_000 });
const TASKS = 'io.modelcontextprotocol/tasks';
const declaring = { capabilities: { extensions: { [TASKS]: {}, 'com.example/other': {} } } };
const LIMITS = { afterMs: 60_000, inputWaitMs: 60_000 };
const [ANNA, BEN] = ['token-of-anna-0001', 'token-of-ben-000001'];
const auth = { tokens: [ANNA, BEN].map((token, i) => ({ principal: ['anna', 'ben'][i], token })) };
const tools = ['required', 'optional', 'forbidden'].map((taskSupport) => ({
  name: taskSupport,
  inputSchema: { type: 'object' },
  execution: { taskSupport },
}));
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const done = { content: [{ type: 'text', text: 'done' }] };

let both: TwoGateways;
let anna: StatelessWireClient;
/** The same client at the second gateway. */
let annaThere: StatelessWireClient;

async function begin(tasks: object = {}): Promise<void> {
  const gateway = {
    tasks: { ...LIMITS, ...tasks },
    streams: { followMs: 10 },
    calls: { drainMs: 50 },
    auth,
  };
  both = await TwoGateways.start(
    gateway,
    [...tools, { name: 'plain', inputSchema: { type: 'object' } }],
    bearer(ANNA).headers,
  );
  [anna, annaThere] = [both.one, both.two].map(
    ({ url }) => new StatelessWireClient(`${url}/mcp`, { ...declaring, ...bearer(ANNA) }),
  ) as [StatelessWireClient, StatelessWireClient];
}
afterEach(() => both.stop());

const call = (tool: string, client = anna) => client.request('tools/call', { name: `s__${tool}`, arguments: {} });
const get = async (taskId: string, client = anna) => {
  const { body } = await client.request('tasks/get', { taskId });
  if (!body.error) GetTaskResultV2Schema.parse(body.result);
  return body;
};
const finish = async ({ command, delivery }: HeldCall, result: object = done): Promise<void> => {
  const { callId } = command.call!;
  await logAttempt(both.ports, callId, started(callId), completed(callId, result));
  delivery.reply({ ok: true, result });
};

describe('a call of a tool that says to take long', () => {
  beforeEach(() => begin());

  it('is a task at once, whose result is there at every gateway when it is done', async () => {
    const { body } = await call('optional');
    const { taskId, createdAt, lastUpdatedAt } = body.result;
    expect(body.result).toMatchObject({
      resultType: 'task',
      status: 'working',
      ttlMs: 3_600_000,
      pollIntervalMs: 1_000,
    });
    CreateTaskResultV2Schema.parse(body.result);
    expect([Date.parse(createdAt), lastUpdatedAt]).toEqual([expect.any(Number), createdAt]);
    const held = await both.nextCall();
    const { callId } = held.command.call!;
    expect(await get(taskId, annaThere)).toMatchObject({
      result: { resultType: 'complete', taskId, status: 'working' },
    });
    await logAttempt(both.ports, callId, progressed(callId, 3, { total: 10, message: 'computing' }));
    expect((await get(taskId)).result.statusMessage).toBe('3 of 10: computing');
    await finish(held);
    for (const client of [anna, annaThere]) {
      expect((await get(taskId, client)).result).toMatchObject({
        status: 'completed',
        taskId,
        createdAt,
        result: done,
      });
    }
  });

  it('goes on when its gateway stops, and has time of its own', async () => {
    const { taskId } = (await call('optional')).body.result;
    const held = await both.nextCall();
    expect(held.command.deadline - Date.now()).toBeGreaterThan(1_000_000);
    expect(held.command.call!.task).toMatchObject({ hasOwnDeadline: true });
    await both.one.service.stop();
    expect((await get(taskId, annaThere)).result.status).toBe('working');
    await finish(held);
    expect((await get(taskId, annaThere)).result).toMatchObject({ status: 'completed', result: done });
  });

  it('is told to the server without the extension, which that would take for tasks of its own', async () => {
    for (const tool of ['optional', 'forbidden']) {
      const answer = call(tool);
      const held = await both.nextCall();
      expect(held.command.client.capabilities).toEqual({ extensions: { 'com.example/other': {} } });
      await finish(held);
      await answer;
    }
  });

  it('is a result for a client that takes no tasks, or an error where the tool needs one that does', async () => {
    const simple = new StatelessWireClient(`${both.one.url}/mcp`, bearer(ANNA));
    const answer = call('optional', simple);
    await finish(await both.nextCall());
    expect((await answer).body.result).toMatchObject({ resultType: 'complete', ...done });
    const missing = { code: -32021, data: { requiredCapabilities: { extensions: { [TASKS]: {} } } } };
    expect(await call('required', simple)).toMatchObject({ status: 400, body: { error: missing } });
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
      expect(await simple.request(method, { taskId: 'x' })).toMatchObject({ status: 400, body: { error: missing } });
    }
  });

  it('is a result for a session: the extension came later', async () => {
    const session = new WireClient(`${both.one.url}/mcp`, bearer(ANNA).headers);
    await session.initialize({ extensions: { [TASKS]: {} } });
    const answer = session.request('tools/call', { name: 's__required' });
    const held = await both.nextCall();
    await finish(held);
    expect((await answer).body.result).toMatchObject(done);
    expect(held.command.call).toMatchObject({ asServerTask: true });
    expect((await session.request('tasks/get', { taskId: 'x' })).body.error.code).toBe(-32601);
  });

  it('is found by its principal only, and only with the whole id', async () => {
    const { taskId } = (await call('optional')).body.result as { taskId: string };
    const ben = new StatelessWireClient(`${both.one.url}/mcp`, { ...declaring, ...bearer(BEN) });
    const [callId, secret] = taskId.split('.');
    for (const [client, id] of [
      [ben, taskId],
      [anna, `${callId}.${'0'.repeat(36)}`],
      [anna, callId],
      [anna, `01K8ZQ5SAA3M7R2XVB6N4HJDCF.${secret}`],
      [anna, 'nonsense'],
    ] as const) {
      for (const [method, more] of [
        ['tasks/get', {}],
        ['tasks/update', { inputResponses: {} }],
        ['tasks/cancel', {}],
      ] as const) {
        const { body } = await client.request(method, { taskId: id!, ...more });
        expect(body.error).toMatchObject({ code: -32602, message: 'Task not found' });
      }
    }
    const events = await both.one.events('task.created');
    expect(JSON.stringify(events)).not.toContain(secret);
    await finish(await both.nextCall());
  });

  it('is cancelled at any gateway, once its executor has cancelled it', async () => {
    const { taskId } = (await call('optional')).body.result;
    const { command } = await both.nextCall();
    const { callId } = command.call!;
    const cancel = async () => (await annaThere.request('tasks/cancel', { taskId })).body.result;
    expect(Object.keys(await cancel()).sort()).toEqual(['_meta', 'resultType']);
    await waitFor(() => both.controls.some((control) => control.kind === 'cancel' && control.requestId === callId));
    await logAttempt(both.ports, callId, started(callId), cancelled(callId));
    expect((await get(taskId)).result).toMatchObject({
      status: 'cancelled',
      statusMessage: 'the client cancelled the task',
    });
    const sent = both.controls.length;
    expect(await cancel()).toMatchObject({ resultType: 'complete' });
    expect(await both.one.events('task.cancel_requested')).toHaveLength(1);
    expect(both.controls).toHaveLength(sent);
  });

  it('fails as a task when nobody can run it', async () => {
    await both.one.serve('t', { tools: [{ name: 'away', execution: { taskSupport: 'required' } }] });
    const away = () => anna.request('tools/call', { name: 't__away' });
    await waitFor(async () => (await away()).body.result !== undefined);
    const { taskId } = (await away()).body.result;
    await waitFor(async () => (await get(taskId)).result.status === 'failed');
    expect((await get(taskId, annaThere)).result.error).toMatchObject({ code: -32010, data: { retryable: true } });
  });
});

describe('a call of a tool that says nothing', () => {
  it('is answered as ever when it is quick', async () => {
    await begin();
    const answer = call('plain');
    const held = await both.nextCall();
    expect(held.command.call!.task).toMatchObject({ hasOwnDeadline: false });
    await finish(held);
    expect((await answer).body.result).toMatchObject({ resultType: 'complete', ...done });
    expect(await both.one.events('task.created')).toEqual([]);
  });

  it('becomes a task when it takes long', async () => {
    await begin({ afterMs: 50 });
    const { taskId } = (await call('plain')).body.result;
    await finish(await both.nextCall());
    expect((await get(taskId, annaThere)).result).toMatchObject({ status: 'completed', result: done });
  });

  it('never becomes one where the tool forbids it', async () => {
    await begin({ afterMs: 1 });
    const answer = call('forbidden');
    await finish(await both.nextCall());
    expect((await answer).body.result).toMatchObject({ resultType: 'complete', ...done });
  });
});

describe('tasks', () => {
  it('are limited for each principal: of further calls the client waits for the result, or tries later', async () => {
    await begin({ maxPerPrincipal: 1 });
    const { taskId } = (await call('required')).body.result;
    const first = await both.nextCall();
    expect((await call('required')).body.error).toMatchObject({ code: -32011, data: { retryable: true } });
    const waiting = call('optional');
    await finish(await both.nextCall());
    expect((await waiting).body.result).toMatchObject({ resultType: 'complete', ...done });
    const ben = new StatelessWireClient(`${both.one.url}/mcp`, { ...declaring, ...bearer(BEN) });
    expect((await call('required', ben)).body.result.resultType).toBe('task');
    await finish(await both.nextCall());
    await finish(first);
    await waitFor(async () => (await get(taskId)).result.status === 'completed');
    await waitFor(async () => (await call('required')).body.result?.resultType === 'task');
  });

  it('are gone when their time is over', async () => {
    await begin({ ttlMs: 300 });
    const { taskId } = (await call('required')).body.result;
    await finish(await both.nextCall());
    await waitFor(async () => (await get(taskId)).error !== undefined);
    expect((await get(taskId, annaThere)).error).toEqual({ code: -32602, message: 'Task has expired' });
  });

  it('whose time is over are ended once, by one gateway, with the call that still runs', async () => {
    await begin({ ttlMs: 800, expirySweepMs: 20, afterMs: 20 });
    const first = await call('required');
    const ended = await both.nextCall();
    await finish(ended);
    // one that has become a task has its server's time, which is longer
    const results = [first.body.result, (await call('plain', annaThere)).body.result];
    const running = await both.nextCall();
    const expired = async () => (await both.one.events('task.expired')).map(({ data }) => data);
    await waitFor(async () => (await expired()).length === results.length);
    const ids = [ended, running].map(({ command }) => command.requestId);
    const cancelled = () => both.controls.filter(({ kind }) => kind === 'cancel');
    await waitFor(() => cancelled().length > 0);
    // the gateway that runs it may say so once more
    for (const one of cancelled()) {
      expect(one).toEqual({ kind: 'cancel', requestId: ids[1], reason: 'the task has expired' });
    }
    expect(await expired()).toEqual(
      expect.arrayContaining([
        { callId: ids[0], status: 'completed' },
        { callId: ids[1], status: 'working' },
      ]),
    );
    running.delivery.reply({ ok: false, error: { code: -32000, message: 'cancelled' }, retryable: false });
    expect((await get(results[0].taskId)).error).toEqual({ code: -32602, message: 'Task has expired' });
  });

  it('whose time is over while no gateway is there are ended by the next one, and no second time', async () => {
    await begin({ ttlMs: 1_500, expirySweepMs: 60_000 });
    await call('required');
    await finish(await both.nextCall());
    const options = { gateway: { tasks: { ...LIMITS, expirySweepMs: 20 } } };
    const context = contextOf(both.ports, options);
    await both.one.service.stop();
    await both.two.stop();
    const expired = async () => (await both.one.events('task.expired')).length;
    for (const instanceId of ['gateway-3', 'gateway-4']) {
      const next = await start({ ...context, instanceId });
      // the second one begins when the first has ended the task, and looks back at it
      await waitFor(
        async () => (await expired()) === 1 && (await both.ports.leader.leader(TASK_EXPIRY)) === instanceId,
      );
      await next.stop();
    }
    expect(await expired()).toBe(1);
  });
});

import { describeWithServers, runSignalbox, toolsOf, waitFor, type RunningSignalbox } from '@signalbox/testing';
import { hasConformanceFixture } from '@signalbox/testing/mcp-servers';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StatelessWireClient } from '../../apps/gateway/test/stateless-client.js';
import { runScenario } from './support/conformance.js';
import { Installation, type ServiceProcess } from './support/distributed.js';

const script = (name: string) => ({ command: process.execPath, args: [join(import.meta.dirname, 'support', name)] });
const mcpServers = {
  tasks: script('tasks-server.mjs'),
  first: { ...script('asking-first-server.mjs'), signalbox: { tools: { test_tool_with_task: { task: 'required' } } } },
};
// generous, because the server that asks first may be slow to answer on a busy machine
const config = { mcpServers, signalbox: { gateway: { tasks: { inputWaitMs: 30_000 } } } };
const capabilities = { elicitation: {}, extensions: { 'io.modelcontextprotocol/tasks': {} } };
const LONG = { timeoutMs: 60_000 };

const clientAt = (mcp: string) => new StatelessWireClient(mcp, { capabilities });
const call = async (client: StatelessWireClient, name: string, args: object = {}): Promise<any> =>
  (await client.request('tools/call', { name, arguments: args })).body.result;
const get = async (client: StatelessWireClient, taskId: string): Promise<any> =>
  (await client.request('tasks/get', { taskId })).body.result;
const reached = (client: StatelessWireClient, taskId: string, status: string): Promise<any> =>
  waitFor(
    async () => {
      const task = await get(client, taskId);
      return task.status === status ? task : undefined;
    },
    { ...LONG, what: `the task to be ${status}` },
  );

describe.skipIf(!hasConformanceFixture())('the Tasks scenarios of the conformance suite', { timeout: 120_000 }, () => {
  let signalbox: RunningSignalbox;

  beforeAll(async () => {
    signalbox = await runSignalbox({ config });
    await Promise.all([toolsOf(signalbox, 'tasks'), toolsOf(signalbox, 'first')]);
  }, 120_000);
  afterAll(() => signalbox?.[Symbol.asyncDispose]());

  it.each([
    ['tasks-lifecycle', 9],
    ['tasks-capability-negotiation', 5],
    ['tasks-wire-fields', 4],
    ['tasks-request-state-removal', 3],
    ['tasks-mrtr-input', 4],
    ['tasks-request-headers', 5],
    ['tasks-dispatch-and-envelope', 9],
    ['tasks-required-task-error', 3],
    ['tasks-mrtr-composition', 2],
    // and tasks-status-notifications, in which the suite has no check yet: task-questions.int.spec.ts of the gateway has ours
  ])('%s: all %i checks pass', async (scenario, checks) => {
    const { checks: verdict, output } = await runScenario(signalbox.mcp, scenario);
    expect(verdict, output).toBe(`Passed: ${checks}/${checks}, 0 failed, 0 warnings`);
  });
});

describe('a task', () => {
  let folder: string;
  let signalbox: RunningSignalbox;
  let client: StatelessWireClient;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'signalbox-tasks-'));
    signalbox = await runSignalbox({ config, dataDir: folder });
    await toolsOf(signalbox, 'tasks');
    client = clientAt(signalbox.mcp);
  }, 120_000);
  afterEach(async () => {
    await signalbox?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is there after kill -9, with its result; one that was lost says so', { timeout: 120_000 }, async () => {
    const done = await call(client, 'tasks__slow_compute', { seconds: 1, label: 'before' });
    const lost = await call(client, 'tasks__confirm_delete', { filename: 'x' });
    await reached(client, done.taskId, 'completed');
    await reached(client, lost.taskId, 'input_required');
    const { dataDir, portBase } = signalbox;
    await signalbox.stop('SIGKILL');
    signalbox = await runSignalbox({ config, dataDir, portBase });
    const result = { content: [{ type: 'text', text: 'computed before' }] };
    expect(await get(client, done.taskId)).toMatchObject({ status: 'completed', createdAt: done.createdAt, result });
    const { error } = await reached(client, lost.taskId, 'failed');
    expect(error.data).toMatchObject({ outcome: 'unknown' });
  });
});

const SERVERS = ['AMQP_URL', 'MONGODB_URL', 'CONSUL_URL'] as const;
describeWithServers(SERVERS, 'a task of an installation with two gateways', (amqp, mongo, consul) => {
  let installation: Installation;
  let gateways: ServiceProcess[];
  const at = (index: number) => clientAt(`${gateways[index]!.url}/mcp`);

  beforeAll(async () => {
    installation = await Installation.create({ amqp: amqp!, mongo: mongo!, consul: consul! }, config);
    await installation.start('tool-executor');
    gateways = await Promise.all([installation.start('gateway'), installation.start('gateway')]);
    for (const { url } of gateways) {
      const listed = async () => (await (await fetch(`${url}/tools`)).text()).includes('tasks__multi_input');
      await waitFor(listed, { ...LONG, what: `the tools at ${url}` });
    }
  }, 180_000);
  afterAll(() => installation?.[Symbol.asyncDispose](), 60_000);

  it('is answered, cancelled and finished at another gateway than made it', { timeout: 120_000 }, async () => {
    const { taskId } = await call(at(0), 'tasks__multi_input');
    await waitFor(async () => Object.keys((await get(at(1), taskId)).inputRequests ?? {}).length === 2, LONG);
    const { inputRequests } = await get(at(1), taskId);
    const inputResponses = Object.fromEntries(
      Object.keys(inputRequests).map((key) => [key, { action: 'accept', content: { name: key } }]),
    );
    await at(1).request('tasks/update', { taskId, inputResponses });
    const { result } = await reached(at(0), taskId, 'completed');
    expect(result.content[0].text).toBe(Object.keys(inputRequests).join(' and '));
    const slow = await call(at(0), 'tasks__slow_compute', { seconds: 600 });
    await at(1).request('tasks/cancel', { taskId: slow.taskId });
    await reached(at(0), slow.taskId, 'cancelled');
  });

  it('outlives the gateway that made it, whether the server asks before or after', { timeout: 120_000 }, async () => {
    const { taskId } = await call(at(0), 'tasks__confirm_delete', { filename: 'kept.txt' });
    const slow = await call(at(0), 'tasks__slow_compute', { seconds: 3, label: 'on' });
    const later = await call(at(0), 'tasks__confirm_later', { seconds: 3, filename: 'later.txt' });
    await reached(at(0), taskId, 'input_required');
    await gateways[0]!.stop('SIGKILL');
    for (const [id, text] of [
      [taskId, 'deleted kept.txt'],
      [later.taskId, 'deleted later.txt'],
    ]) {
      const { inputRequests } = await reached(at(1), id, 'input_required');
      const [key] = Object.keys(inputRequests) as [string];
      const inputResponses = { [key]: { action: 'accept', content: { confirm: true } } };
      await at(1).request('tasks/update', { taskId: id, inputResponses });
      expect((await reached(at(1), id, 'completed')).result.content[0].text).toBe(text);
    }
    expect((await reached(at(1), slow.taskId, 'completed')).result.content[0].text).toBe('computed on');
  });
});

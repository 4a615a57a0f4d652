import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithServers, waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Installation, type ServiceProcess } from '../e2e/support/distributed.js';
import { countingServer, storiesOf, type Story } from './support/counting.js';

describeWithServers(['AMQP_URL', 'MONGODB_URL', 'CONSUL_URL'], 'two executors', (amqp, mongo, consul) => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-lost-'));
  const counting = countingServer(join(folder, 'runs'));
  let installation: Installation;
  let executors: ServiceProcess[];
  let gateway: ServiceProcess;
  let monitor: ServiceProcess;

  beforeAll(async () => {
    const config = { mcpServers: { counting: counting.entry } };
    installation = await Installation.create({ amqp: amqp!, mongo: mongo!, consul: consul! }, config);
    executors = await Promise.all([installation.start('tool-executor'), installation.start('tool-executor')]);
    [gateway, monitor] = await Promise.all([installation.start('gateway'), installation.start('monitor')]);
    await waitFor(async () => (await counting.call(gateway.url, 'unsafe-warm-up', 0)).status === 200, {
      timeoutMs: 60_000,
      intervalMs: 200,
      what: 'the counting server',
    });
  }, 200_000);
  afterAll(async () => {
    await installation?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const runsOf = (id: string) => counting.runs().filter((run) => run === id).length;
  const storyOf = async (id: string): Promise<Story | undefined> =>
    (await storiesOf(monitor.url)).find((story) => story.id === id);

  /** Makes the call, kills the executor that runs it and starts another in its place. */
  async function callAndKill(id: string, ms: number): Promise<{ status: number; body: any }> {
    const answer = counting.call(gateway.url, id, ms);
    await waitFor(() => runsOf(id) === 1, { timeoutMs: 20_000, what: `${id} to run` });
    // the start of a read may still be on its way to the log, and is lost then
    await waitFor(async () => (await storyOf(id))?.types.includes('tool.call.started'), { what: `${id} in the log` });
    for (const executor of executors) {
      const { calls } = (await (await fetch(`${executor.url}/calls/running`)).json()) as { calls: { phase: string }[] };
      if (!calls.some(({ phase }) => phase === 'running')) continue;
      await executor.stop('SIGKILL');
      executors = executors.filter((other) => other !== executor);
      executors.push(await installation.start('tool-executor'));
      return answer;
    }
    throw new Error('no executor runs the call');
  }

  it('one is killed while it runs a read: the other runs it again, and answers', async () => {
    const { status, body } = await callAndKill('read-1', 6_000);
    expect([status, body.result?.content?.[0]?.text]).toEqual([200, 'ran read-1']);
    const types = ['requested', 'started', 'failed', 'started', 'completed'].map((type) => `tool.call.${type}`);
    await waitFor(async () => (await storyOf('read-1'))?.types.length === types.length, {
      timeoutMs: 20_000,
      what: 'the whole story',
    });
    expect((await storyOf('read-1'))!.types.toSorted()).toEqual(types.toSorted());
    expect(runsOf('read-1')).toBe(2);
  });

  it('one is killed while it runs an unsafe tool: the outcome is unknown, and it is never run again', async () => {
    const { status, body } = await callAndKill('unsafe-1', 6_000);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(JSON.stringify(body)).toContain('is unknown');
    expect((await storyOf('unsafe-1'))?.types).toEqual([
      'tool.call.requested',
      'tool.call.started',
      'tool.call.outcome_unknown',
    ]);
    expect(runsOf('unsafe-1')).toBe(1);
  });

  it('gateway and executor are killed: the sweeper ends the call', async () => {
    const answer = counting.call(gateway.url, 'unsafe-2', 60_000).catch(() => undefined);
    await waitFor(() => runsOf('unsafe-2') === 1, { timeoutMs: 20_000, what: 'unsafe-2 to run' });
    await gateway.stop('SIGKILL');
    await answer;
    for (const executor of executors) await executor.stop('SIGKILL');
    executors = [await installation.start('tool-executor')];
    await waitFor(async () => (await storyOf('unsafe-2'))?.types.includes('tool.call.outcome_unknown'), {
      timeoutMs: 60_000,
      what: 'the outcome',
    });
    expect(runsOf('unsafe-2')).toBe(1);
  });
});

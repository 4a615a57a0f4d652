import { runSignalbox, waitFor, type RunningSignalbox } from '@signalbox/testing';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startInstances, type Instances, type TestInstance } from '../../apps/tool-executor/test/instances.js';

const PATIENCE = { timeoutMs: 60_000, intervalMs: 50 };
/** Between two calls of one caller: the instances are to be tried, not the machine. */
const PAUSE_MS = 25;

let instances: Instances;
let signalbox: RunningSignalbox;
beforeEach(async () => {
  instances = await startInstances(5);
  const many = {
    urls: instances.urls,
    signalbox: { balancing: { policy: 'round-robin' }, tools: { slow_read: { class: 'read' } } },
  };
  signalbox = await runSignalbox({ config: { mcpServers: { many } } });
});
afterEach(async () => {
  await signalbox?.[Symbol.asyncDispose]();
  await instances?.[Symbol.asyncDispose]();
});

interface Answer {
  readonly id: string;
  readonly isUnsafe: boolean;
  readonly status: number;
  readonly body: any;
}

async function call(id: string, isUnsafe: boolean): Promise<Answer> {
  const answer = await fetch(`${signalbox.gateway}/tools/many__${isUnsafe ? 'slow' : 'slow_read'}/call`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ arguments: { id, ms: 20 } }),
  });
  return { id, isUnsafe, status: answer.status, body: await answer.json() };
}

const stateOf = async ({ url }: TestInstance): Promise<string> => {
  const { pools } = (await (await fetch(`${signalbox.executor}/pools`)).json()) as any;
  const many = pools.find(({ server }: any) => server === 'many');
  return many.instances.find((instance: any) => instance.url === url).state;
};
const untilState = (instance: TestInstance, state: string) =>
  waitFor(async () => (await stateOf(instance)) === state, { ...PATIENCE, what: `${instance.url} is ${state}` });
const callsOf = ({ port }: TestInstance): number => instances.runs().filter((run) => run.port === port).length;

it(
  'instances of one server are killed, suspended and brought back under load: no read fails, nothing unsafe runs twice',
  { timeout: 300_000 },
  async () => {
    await waitFor(async () => (await call('read-first', false)).status === 200, PATIENCE);
    const answers: Answer[] = [];
    let isOver = false;
    let counter = 0;
    const caller = async (isUnsafe: boolean) => {
      while (!isOver) {
        answers.push(await call(`${isUnsafe ? 'unsafe' : 'read'}-${counter++}`, isUnsafe));
        await delay(PAUSE_MS);
      }
    };
    const callers = [false, false, false, false, true, true].map(caller);
    const [killed, hung] = instances.all as [TestInstance, TestInstance];
    await waitFor(() => instances.all.every((instance) => callsOf(instance) > 5), PATIENCE);

    await killed.kill();
    hung.signal('SIGSTOP');
    const suspendedAt = performance.now();
    await untilState(killed, 'down');
    // it gets no calls from here on, or sooner
    await waitFor(async () => (await stateOf(hung)) !== 'up', { ...PATIENCE, what: 'the suspended one is noticed' });
    const awayAfterMs = performance.now() - suspendedAt;
    await untilState(hung, 'down');

    const [killedRuns, hungRuns] = [callsOf(killed), callsOf(hung)];
    hung.signal('SIGCONT');
    await killed.start();
    await untilState(killed, 'up');
    await untilState(hung, 'up');
    await waitFor(() => callsOf(killed) > killedRuns && callsOf(hung) > hungRuns + 5, PATIENCE);
    isOver = true;
    await Promise.all(callers);

    // ten seconds, and as much again for a machine that does something else
    expect(awayAfterMs).toBeLessThan(20_000);
    const failedReads = answers.filter(({ isUnsafe, status }) => !isUnsafe && status !== 200);
    expect(failedReads).toEqual([]);
    const runs = new Map<string, number>();
    for (const { id } of instances.runs()) runs.set(id, (runs.get(id) ?? 0) + 1);
    const unsafe = answers.filter(({ isUnsafe }) => isUnsafe);
    expect(unsafe.filter(({ id }) => (runs.get(id) ?? 0) > 1)).toEqual([]);
    expect(unsafe.filter(({ id, status }) => status === 200 && runs.get(id) !== 1)).toEqual([]);
    expect(unsafe.filter(({ status }) => status === 200).length).toBeGreaterThan(10);
  },
);

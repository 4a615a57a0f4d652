import { runSignalbox, waitFor, type RunningSignalbox } from '@signalbox/testing';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startInstances, type Instances, type TestInstance } from '../../apps/tool-executor/test/instances.js';

const SERVERS = 100;
/** Killed, and as many are suspended. */
const HIT = 20;
const PATIENCE = { timeoutMs: 120_000, intervalMs: 100 };
/** Between two calls of one caller: the servers are to be tried, not the machine. */
const PAUSE_MS = 20;
const SCRIPT = join(import.meta.dirname, 'support/counting-server.sh');
const names = Array.from({ length: SERVERS }, (_, index) => `s${String(index).padStart(3, '0')}`);
const settings = { tools: { slow_read: { class: 'read' } } };

let folder: string;
let instances: Instances;
let signalbox: RunningSignalbox | undefined;
let stopCallers = () => Promise.resolve();
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-hundred-'));
  instances = await startInstances(5);
  const entry = (name: string) => ({
    command: '/bin/sh',
    args: [SCRIPT, join(folder, name)],
    signalbox: { ...settings, pool: { min: 0, max: 1 } },
  });
  const many = { urls: instances.urls, signalbox: { ...settings, balancing: { policy: 'round-robin' } } };
  signalbox = await runSignalbox({
    config: { mcpServers: { many, ...Object.fromEntries(names.map((name) => [name, entry(name)])) } },
  });
});
afterAll(async () => {
  await stopCallers();
  await signalbox?.[Symbol.asyncDispose]();
  await instances?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly server: string;
  readonly id: string;
  readonly isUnsafe: boolean;
  readonly status: number;
  readonly body: any;
}

async function call(server: string, id: string, isUnsafe: boolean): Promise<Answer> {
  const answer = await fetch(`${signalbox!.gateway}/tools/${server}__${isUnsafe ? 'slow' : 'slow_read'}/call`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ arguments: { id, ms: 20 } }),
  });
  return { server, id, isUnsafe, status: answer.status, body: await answer.json() };
}

const pools = async (): Promise<any[]> => ((await (await fetch(`${signalbox!.executor}/pools`)).json()) as any).pools;
const isUp = ({ state, server }: any): boolean => state === 'running' || !names.includes(server);
const allRun = () => waitFor(async () => (await pools()).every(isUp), { ...PATIENCE, what: 'all servers are running' });
const instanceState = async ({ url }: TestInstance): Promise<string> =>
  (await pools()).find(({ server }) => server === 'many').instances.find((one: any) => one.url === url).state;
const untilInstance = (instance: TestInstance, state: string) =>
  waitFor(async () => (await instanceState(instance)) === state, { ...PATIENCE, what: `${instance.url} is ${state}` });

/** Of these servers, all their processes: that which watches, and that which runs calls. */
async function pidsOf(servers: readonly string[]): Promise<number[]> {
  const found = (await pools()).filter(({ server }) => servers.includes(server));
  return found.flatMap(({ control, connections }) => [control?.pid, ...connections.map(({ pid }: any) => pid)]);
}
function signal(pids: readonly number[], name: NodeJS.Signals): void {
  // one that has ended meanwhile is gone as well
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
/** Run → how often, as the servers themselves have counted. */
function runs(): Map<string, number> {
  const files = readdirSync(folder).filter((name) => names.includes(name));
  const ids = files.flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'));
  const counted = new Map<string, number>();
  for (const id of [...ids, ...instances.runs().map((run) => run.id)]) counted.set(id, (counted.get(id) ?? 0) + 1);
  return counted;
}

it('a hundred stdio servers and five instances of another are killed, suspended and brought back under load: no read fails, nothing unsafe runs twice', async () => {
  await allRun();
  const last = (name: string) => waitFor(async () => (await call(name, 'first', false)).status === 200, PATIENCE);
  await Promise.all([last(names.at(-1)!), last('many')]);

  const answers: Answer[] = [];
  const [killed, suspended] = [names.slice(0, HIT), names.slice(HIT, 2 * HIT)];
  let isOver = false;
  let counter = 0;
  // those that are hit get most of the calls
  const turn = [...killed, ...suspended];
  const some = [...turn, ...turn, ...names, ...Array.from({ length: 30 }, () => 'many')];
  const caller = async (isUnsafe: boolean) => {
    while (!isOver) {
      const server = some[Math.floor(Math.random() * some.length)]!;
      answers.push(await call(server, `${isUnsafe ? 'unsafe' : 'read'}-${counter++}`, isUnsafe));
      await delay(PAUSE_MS);
    }
  };
  const callers = [false, false, false, false, false, true, true].map(caller);
  stopCallers = async () => {
    isOver = true;
    await Promise.all(callers);
  };
  const answered = (servers: readonly string[], since: number) =>
    servers.every((name) => answers.slice(since).some(({ server, status }) => server === name && status === 200));
  await waitFor(() => answered([...turn, 'many'], 0), { ...PATIENCE, what: 'every server has answered' });

  const [deadInstance, hungInstance] = instances.all as [TestInstance, TestInstance];
  const [dying, hung] = await Promise.all([pidsOf(killed), pidsOf(suspended)]);
  expect(dying.length).toBeGreaterThan(HIT);
  expect(hung.length).toBeGreaterThan(HIT);
  signal(dying, 'SIGKILL');
  await deadInstance.kill();
  const suspendedAt = performance.now();
  signal(hung, 'SIGSTOP');
  hungInstance.signal('SIGSTOP');
  const since = answers.length;
  await waitFor(async () => (await instanceState(hungInstance)) !== 'up', PATIENCE);
  await waitFor(() => answered(turn, since), { ...PATIENCE, what: 'calls are answered by all that were hit' });
  const awayAfterMs = performance.now() - suspendedAt;
  await untilInstance(deadInstance, 'down');
  await untilInstance(hungInstance, 'down');

  await deadInstance.start();
  hungInstance.signal('SIGCONT');
  signal(hung, 'SIGCONT');
  await Promise.all([untilInstance(deadInstance, 'up'), untilInstance(hungInstance, 'up'), allRun()]);
  const after = answers.length;
  await waitFor(() => answered([...turn, 'many'], after), { ...PATIENCE, what: 'every server answers again' });
  await stopCallers();

  // ten seconds, and the rest for a machine that does something else
  expect(awayAfterMs).toBeLessThan(40_000);
  expect(answers.filter(({ isUnsafe, status }) => !isUnsafe && status !== 200)).toEqual([]);
  const counted = runs();
  const unsafe = answers.filter(({ isUnsafe }) => isUnsafe);
  expect(unsafe.filter(({ id }) => (counted.get(id) ?? 0) > 1)).toEqual([]);
  expect(unsafe.filter(({ id, status }) => status === 200 && counted.get(id) !== 1)).toEqual([]);
  expect(unsafe.filter(({ status }) => status === 200).length).toBeGreaterThan(20);
});

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { isAlive, runSignalbox, waitFor, type RunningSignalbox } from '@signalbox/testing';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const COUNTING = join(import.meta.dirname, '../../apps/tool-executor/test/counting-server.mjs');
const PATIENCE = { timeoutMs: 30_000, intervalMs: 25 };

let folder: string;
let signalbox: RunningSignalbox;
let client: Client;
let listChanges: number;

/** A server whose tool `slow` writes a line to a file each time that it runs. */
const counting = (name: string, signalbox: object = {}) => ({
  command: process.execPath,
  args: [COUNTING, join(folder, name)],
  signalbox,
});
const runs = (name: string): string[] =>
  existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8').trim().split('\n') : [];

async function ask(method: string, path: string, body?: object): Promise<{ status: number; body: any }> {
  const answer = await fetch(`${signalbox.registry}/servers${path}`, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: await answer.json() };
}
const define = (name: string, definition: object, why = 'spec') =>
  ask('POST', '', { name, definition, who: 'ada', why });
const command = (name: string, what: string, more: object = {}) =>
  ask('POST', `/${name}/${what}`, { who: 'ada', why: 'spec', ...more });
const stateOf = async (name: string): Promise<string> => (await ask('GET', `/${name}`)).body.data?.state;
const untilState = (name: string, state: string) =>
  waitFor(async () => (await stateOf(name)) === state, { ...PATIENCE, what: `${name} is ${state}` });

const tools = async (): Promise<string[]> => (await client.listTools()).tools.map(({ name }) => name);
const untilListed = (name: string, isListed = true) =>
  waitFor(async () => (await tools()).includes(`${name}__slow`) === isListed, {
    ...PATIENCE,
    what: `${name} in the list`,
  });
async function call(name: string, id: string, ms = 0): Promise<{ status: number; body: any }> {
  const answer = await fetch(`${signalbox.gateway}/tools/${name}__slow/call`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ arguments: { id, ms } }),
  });
  return { status: answer.status, body: await answer.json() };
}
const events = async (type: string): Promise<any[]> =>
  ((await (await fetch(`${signalbox.monitor}/events?type=${type}&limit=1000`)).json()) as any).events.map(
    ({ data }: any) => data,
  );
const pidsOf = async (name: string): Promise<number[]> => {
  const { pools } = (await (await fetch(`${signalbox.executor}/pools`)).json()) as any;
  const pool = pools.find(({ server }: any) => server === name);
  return [pool?.control?.pid, ...(pool?.connections ?? []).map(({ pid }: any) => pid)].filter(Boolean);
};

async function connect(): Promise<void> {
  listChanges = 0;
  client = new Client({ name: 'spec', version: '1' });
  client.setNotificationHandler('notifications/tools/list_changed', () => void listChanges++);
  await client.connect(new StreamableHTTPClientTransport(new URL(signalbox.mcp)));
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-lifecycle-'));
  const config = { mcpServers: { steady: counting('steady') } };
  signalbox = await runSignalbox({ config, dataDir: join(folder, 'data') });
  await connect();
  await untilListed('steady');
});
afterEach(async () => {
  await client?.close();
  await signalbox?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

describe('a server that is added while Signalbox runs', () => {
  it('is called, drained in mid-call, started again, and removed; another one notices nothing', async () => {
    const steady = await pidsOf('steady');
    expect(await define('extra', counting('extra'))).toMatchObject({ status: 201 });
    await untilListed('extra');
    expect((await call('extra', 'one')).body.result.content).toEqual([{ type: 'text', text: 'ran one' }]);

    const running = call('extra', 'long', 2_000);
    await waitFor(() => runs('extra').includes('long'), PATIENCE);
    const drained = await command('extra', 'drain');
    expect(drained).toMatchObject({ status: 202, body: { data: { state: 'stopping' } } });
    await untilListed('extra', false);
    await waitFor(async () => {
      const { body } = await call('extra', 'late');
      return JSON.stringify(body).includes('was stopped by ada: spec');
    }, PATIENCE);
    expect(await running).toMatchObject({ status: 200, body: { result: { content: [{ text: 'ran long' }] } } });
    await untilState('extra', 'stopped');

    const beforeStart = listChanges;
    expect(await command('extra', 'start')).toMatchObject({ status: 202 });
    await untilListed('extra');
    // a change that is taken back before anybody was told of it is none
    await waitFor(() => listChanges > beforeStart, { ...PATIENCE, what: 'list_changed after the start' });
    expect(await call('extra', 'two')).toMatchObject({ status: 200 });

    await untilState('extra', 'running');
    const processes = await pidsOf('extra');
    const before = listChanges;
    expect(await ask('DELETE', '/extra?who=ada&why=spec')).toMatchObject({ status: 200 });
    await untilListed('extra', false);
    await waitFor(() => processes.every((pid) => !isAlive(pid)), PATIENCE);
    await waitFor(() => listChanges > before, { ...PATIENCE, what: 'list_changed after the removal' });
    expect(await call('extra', 'never')).toMatchObject({ status: 404 });
    expect(runs('extra')).toEqual(['one', 'long', 'two']);
    expect(await pidsOf('steady')).toEqual(expect.arrayContaining(steady));
    expect((await events('server.commanded')).map((data) => [data.command, data.who, data.why])).toEqual([
      ['drain', 'ada', 'spec'],
      ['start', 'ada', 'spec'],
    ]);
  });

  it('comes back after a restart as it was left, also when that was in quarantine', async () => {
    await define('kept', counting('kept', { tools: { slow: { class: 'idempotent' } } }));
    await define('odd', counting('odd'));
    await untilListed('kept');
    await untilListed('odd');
    expect(await command('odd', 'quarantine', { why: 'odd answers' })).toMatchObject({ status: 202 });
    await untilListed('odd', false);
    expect(JSON.stringify((await call('odd', 'no')).body)).toContain('is quarantined by ada: odd answers');

    await client.close();
    const { dataDir, portBase } = signalbox;
    await signalbox.stop('SIGKILL');
    const config = { mcpServers: { steady: counting('steady') } };
    signalbox = await runSignalbox({ config, dataDir, portBase });
    await connect();
    await untilState('kept', 'running');
    expect(await call('kept', 'again')).toMatchObject({ status: 200 });
    expect((await ask('GET', '/kept')).body.data.tools).toMatchObject([
      { name: 'slow', safetyClass: 'idempotent' },
      {},
    ]);
    expect(await stateOf('odd')).toBe('quarantined');
    expect(await tools()).not.toContain('odd__slow');
    expect(JSON.stringify((await call('odd', 'still not')).body)).toContain('is quarantined by ada');

    expect(await command('odd', 'start')).toMatchObject({ status: 409 });
    expect(await command('odd', 'approve')).toMatchObject({ status: 202 });
    await untilListed('odd');
    expect(await call('odd', 'yes')).toMatchObject({ status: 200 });
    expect(runs('odd')).toEqual(['yes']);
  });
});

describe('servers that depend on each other', () => {
  it('start and stop in order, and never in a circle', async () => {
    await define('db', counting('db'));
    await define('api', counting('api', { dependsOn: ['db'] }));
    await define('web', counting('web', { dependsOn: ['api'] }));
    await untilState('web', 'running');
    const circle = await ask('PUT', '/db', { definition: counting('db', { dependsOn: ['web'] }) });
    expect(circle).toMatchObject({ status: 409, body: { detail: expect.stringContaining('db → web → api → db') } });

    const stopped = await command('db', 'stop');
    expect(stopped.body.commands.map(({ server }: any) => server)).toEqual(['web', 'api', 'db']);
    await untilState('db', 'stopped');
    const ended = (await events('server.stopped')).map(({ server }) => server);
    expect(ended).toEqual(['web', 'api', 'db']);

    const before = (await events('server.started')).length;
    const started = await command('web', 'start');
    expect(started.body.commands.map(({ server }: any) => server)).toEqual(['db', 'api', 'web']);
    await untilState('web', 'running');
    const again = (await events('server.started')).slice(before).map(({ server }) => server);
    expect(again).toEqual(['db', 'api', 'web']);
    expect(await ask('DELETE', '/db')).toMatchObject({ status: 409, body: { dependants: ['web', 'api'] } });
  });
});

describe('a server whose processes are suspended', () => {
  it('is replaced and called again, without anybody doing anything', async () => {
    expect(await call('steady', 'before')).toMatchObject({ status: 200 });
    const suspended = await pidsOf('steady');
    expect(suspended.length).toBeGreaterThanOrEqual(2);
    for (const pid of suspended) process.kill(pid, 'SIGSTOP');
    await waitFor(
      async () => {
        const now = await pidsOf('steady');
        return now.length > 0 && now.every((pid) => !suspended.includes(pid));
      },
      { ...PATIENCE, what: 'new processes' },
    );
    await untilState('steady', 'running');
    expect(await call('steady', 'after')).toMatchObject({ status: 200 });
    expect(runs('steady')).toEqual(['before', 'after']);
    expect(await events('server.failed')).toMatchObject([{ server: 'steady', error: 'its process is suspended' }]);
    expect((await ask('GET', '/steady')).body.data).toMatchObject({ state: 'running', restarts: 1 });
  });
});

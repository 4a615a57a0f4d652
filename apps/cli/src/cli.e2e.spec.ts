import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSignalbox, toolsOf, waitFor, type RunningSignalbox } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everything } from '../../../test/e2e/support/servers.js';
import { signalbox, type RunOptions } from '../test/signalbox.js';

const PATIENCE = { timeoutMs: 45_000, intervalMs: 200 };
/** For tests that wait for several things. */
const WAITS = { timeout: 400_000 };
let folder: string;
let config: string;
let product: RunningSignalbox;

const writeConfig = (everythingSettings: object = {}): void =>
  writeFileSync(
    config,
    JSON.stringify({ mcpServers: { everything: { ...everything, signalbox: everythingSettings } } }),
  );

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-cli-'));
  config = join(folder, 'signalbox.json');
  writeConfig();
  product = await runSignalbox({ env: { SIGNALBOX_CONFIG: config } });
  await toolsOf(product, 'everything');
});
afterAll(async () => {
  await product?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const run = (args: readonly string[], options: RunOptions = {}) =>
  signalbox(args, { ...options, env: { SIGNALBOX_PORT_BASE: String(product.portBase), ...options.env } });

/** @returns what was printed, after it was done with no complaint */
async function done(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(args);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
  return stdout;
}

async function json<T>(...args: string[]): Promise<T> {
  return JSON.parse(await done(...args, '--json')) as T;
}

const serverNamed = async (name: string) =>
  (await json<{ name: string; state: string }[]>('servers', 'list')).find((server) => server.name === name);
/** On a busy machine one that runs may be slow for a while, which makes it degraded. */
const isAs = (wanted: string, state: string | undefined) =>
  state === wanted || (wanted === 'running' && state === 'degraded');
const untilState = (name: string, wanted: string) =>
  waitFor(async () => isAs(wanted, (await serverNamed(name))?.state), { ...PATIENCE, what: `${name} to be ${wanted}` });
/** How often it has been started. */
const startsOf = async (name: string) =>
  (await done('events', 'tail', '--no-follow', '-n', '1000', '--type', 'server.started'))
    .split('\n')
    .filter((line) => line.includes(`server=${name}`)).length;

describe('signalbox tools', () => {
  it('lists them, as a table and as JSON', async () => {
    const text = await done('tools', 'list', '--server', 'everything');
    expect(text).toMatch(/^TOOL +CLASS +AVAILABLE +DESCRIPTION\n/);
    expect(text).toMatch(/^everything__echo +unsafe +yes +Echoes back/m);
    const tools = await json<{ name: string; definition: object }[]>('tools', 'list');
    expect(tools.find(({ name }) => name === 'everything__echo')?.definition).toHaveProperty('inputSchema');
    expect(await json<unknown[]>('tools', 'list', '--limit', '3')).toHaveLength(3);
  });

  it('calls one, with arguments of each form', async () => {
    expect(await done('tools', 'call', 'everything__echo', '--arg', 'message=hello there')).toBe('Echo: hello there\n');
    expect(await done('tools', 'call', 'echo', '--json', '{"message": "as json"}')).toBe('Echo: as json\n');
    const piped = await run(['tools', 'call', 'everything__get-sum', '--args', '-', '--arg', 'b=2'], {
      input: '{"a": 40}',
    });
    expect(piped).toMatchObject({ code: 0, stdout: expect.stringContaining('42') });
    const answer = await json<{ callId: string; result: object }>('tools', 'call', 'echo', '--arg', 'message=x');
    expect(answer).toMatchObject({ callId: expect.any(String), result: { content: [{ text: 'Echo: x' }] } });
  });

  it('says what is wrong with a call, by its exit code too', async () => {
    const failed = await run(['tools', 'call', 'everything__get-sum', '--arg', 'a=nonsense']);
    expect(failed.code).toBe(1);
    const unknown = await run(['tools', 'call', 'everything__ecko']);
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('everything__echo') });
    const notJson = await run(['tools', 'call', 'everything__echo', '--args', '{']);
    expect(notJson).toMatchObject({ code: 2, stderr: expect.stringContaining('--args: not JSON') });
    const eaten = await run(['tools', 'call', '--json', 'everything__echo']);
    expect(eaten.code).toBe(2);
  });

  it('finds them by words, and says so when the search is off', async () => {
    const { code, stdout, stderr } = await run(['tools', 'search', 'echoes', 'back']);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('signalbox.search.mode') });
    expect(stdout).toContain('everything__echo');
  });

  it('sets the class of one, with who and why in the log, and takes it back', WAITS, async () => {
    const classOf = async () =>
      (await json<{ name: string; safetyClass: string }[]>('tools', 'list')).find(
        ({ name }) => name === 'everything__echo',
      )?.safetyClass;
    const set = await done('tools', 'class', 'everything__echo', 'read', '--who', 'ada', '--why', 'it only echoes');
    expect(set).toBe('everything echo: unsafe → read\n');
    await waitFor(async () => (await classOf()) === 'read', { ...PATIENCE, what: 'the gateway to know' });
    const { callId } = await json<{ callId: string }>('tools', 'call', 'everything__echo', '--arg', 'message=safe');
    expect(await json('calls', 'show', callId)).toMatchObject({ request: { safetyClass: 'read' } });
    expect(await done('tools', 'class', 'echo', 'reset')).toBe('everything echo: read → unsafe\n');
    const told = await done('events', 'tail', '--no-follow', '--type', 'server.tool.classified');
    expect(told).toMatch(/server=everything tool=echo class=read who=ada why=it only echoes/);
    expect((await run(['tools', 'class', 'echo', 'harmless'])).code).toBe(2);
    expect((await run(['tools', 'class', 'nothing', 'read'])).code).toBe(1);
  });
});

describe('signalbox servers', () => {
  it('adds, commands and removes one', WAITS, async () => {
    const target = [everything.command, ...everything.args];
    expect(await done('servers', 'add', 'second', '--why', 'a test', '--', ...target)).toMatch('second is defined');
    await untilState('second', 'running');
    expect(await done('servers', 'list')).toMatch(/^second +(running|degraded) +stdio +\d+ +\d+ +api/m);
    expect((await run(['servers', 'add', 'second', '--', ...target])).stderr).toContain('is there already');

    for (const [command, state] of [
      ['stop', 'stopped'],
      ['start', 'running'],
      ['restart', 'running'],
      ['drain', 'stopped'],
      ['start', 'running'],
      ['quarantine', 'quarantined'],
      ['approve', 'running'],
    ] as const) {
      const before = await startsOf('second');
      expect(await done('servers', command, 'second', '--who', 'ada')).toBe(`second: ${command}\n`);
      const starts = before + (state === 'running' ? 1 : 0);
      await waitFor(async () => (await startsOf('second')) >= starts, { ...PATIENCE, what: `${command} to be done` });
      await untilState('second', state);
    }
    expect(await done('servers', 'start', 'second')).toMatch('nothing to do');

    await done('servers', 'add', 'second', '--replace', '--trusted', '--', ...target);
    expect(await done('servers', 'remove', 'second')).toBe('second is removed.\n');
    expect(await serverNamed('second')).toBeUndefined();
  });

  it('shows what one has written, and says what it does not know', WAITS, async () => {
    await waitFor(async () => (await done('servers', 'logs', 'everything')).includes('Starting default'), PATIENCE);
    const [log] = await json<{ server: string; lines: { text: string }[] }[]>(
      'servers',
      'logs',
      'everything',
      '-n',
      '1',
    );
    expect(log).toMatchObject({ server: 'everything', lines: [{ text: expect.any(String) }] });
    const unknown = await run(['servers', 'logs', 'everythin']);
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('did you mean everything') });
  });

  it.each([
    [['servers', 'stop', 'everythin'], 1, 'did you mean everything'],
    [['servers', 'add', 'x'], 2, 'Give its URL'],
    [['servers', 'add', 'bad name', '--', 'node'], 1, 'is no server name'],
    [['servers', 'add', 'x', '--env', 'API_TOKEN=literal-secret', '--', 'node'], 1, 'looks like a secret'],
    [['servers', 'remove', 'everything'], 1, 'comes from the configuration'],
    [['servers', 'stop'], 2, "missing required argument 'name'"],
  ])('%j ends with %i', async (args, code, text) => {
    expect(await run(args)).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(text) });
  });
});

describe('signalbox services, events and calls', () => {
  it('lists services, and watches one or all', async () => {
    expect(await done('services', 'watch', '--count', '1')).toMatch(/monitor-1 {2}127\.0\.0\.1:\d+ {2}UP\n/);
    expect(await done('services', 'list', '--status', 'UP')).toMatch(/^gateway-1 +gateway +127\.0\.0\.1:\d+ +UP/m);
    expect(await json('services', 'list', '--service', 'monitor')).toMatchObject([{ id: 'monitor-1', status: 'UP' }]);
    expect(await done('services', 'watch', 'gateway', '--count', '1')).toMatch(
      /gateway-1 {2}127\.0\.0\.1:\d+ {2}UP\n$/,
    );
  });

  it('follows events as they come', WAITS, async () => {
    let ended = false;
    const args = ['events', 'tail', '-n', '0', '--count', '1', '--type', 'tool.call.completed', '--json'];
    const tail = run(args).finally(() => (ended = true));
    // it may take a while until the program listens: whatever comes after that is good
    await waitFor(async () => {
      await done('tools', 'call', 'everything__echo', '--arg', 'message=again');
      return ended;
    }, PATIENCE);
    const { code, stdout } = await tail;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ specversion: '1.0', type: 'tool.call.completed' });
  });

  it('tells the story of a call', WAITS, async () => {
    const { callId } = await json<{ callId: string }>('tools', 'call', 'everything__echo', '--arg', 'message=told');
    const story = await waitFor(async () => {
      const text = await done('calls', 'show', callId);
      return text.includes('completed') && text;
    }, PATIENCE);
    expect(story).toMatch(/^tool +echo$/m);
    expect(story).toMatch(/^arguments +{"message":"told"}$/m);
    expect(story).toMatch(/tool\.call\.requested/);
    await waitFor(async () => (await done('calls', 'list', '--server', 'everything')).includes(callId), PATIENCE);
    const unknown = await run(['calls', 'show', '01ARZ3NDEKTSV4RRFFQ69G5FAV']);
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('the log has no call') });
  });
});

describe('signalbox config', () => {
  it('shows what an edit changed, and rolls it back with its reason', WAITS, async () => {
    const before = (await json<{ version: number }[]>('config', 'versions'))[0]!.version;
    writeConfig({ deadlineMs: 12_345 });
    const newest = async () => (await json<{ version: number }[]>('config', 'versions', '-n', '1'))[0]!.version;
    await waitFor(async () => (await newest()) > before, { ...PATIENCE, what: 'a new version' });
    expect(await done('config', 'diff')).toMatch(/mcpServers\.everything\.signalbox\.deadlineMs.*12345/);
    expect(await done('config', 'show', 'mcpServers.everything.signalbox.deadlineMs')).toMatch(/12345 +file/);

    expect((await run(['config', 'rollback', String(before)])).code).toBe(2);
    const rolledBack = await done('config', 'rollback', String(before), '--who', 'ada', '--why', 'too short');
    expect(rolledBack).toContain(`as ${before} was`);
    expect(await done('config', 'versions')).toMatch(/rollback +.*ada +too short/);
    expect(await json('config', 'diff', String(before), String(await newest()))).toMatchObject({ changes: [] });
    expect(await run(['config', 'rollback', '999', '--why', 'x'])).toMatchObject({ code: 1 });
  });

  it('checks a file without starting anything', async () => {
    const good = await run(['config', 'check', config]);
    expect(good).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing is wrong; servers: everything') });
    const bad = join(folder, 'bad.json');
    writeFileSync(bad, JSON.stringify({ mcpServers: { a: { comand: 'x' } }, signalbox: { monitor: { stream: 3 } } }));
    const checked = await run(['config', 'check', bad]);
    expect(checked.code).toBe(1);
    expect(checked.stdout).toContain('did you mean');
    expect(checked.stdout).toContain('signalbox.monitor.stream');
    const { stdout } = await run(['config', 'check', bad, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, isFatal: true, problems: [{}, {}] });
  });
});

describe('signalbox doctor', () => {
  it('finds nothing wrong where Signalbox runs', WAITS, async () => {
    await untilState('everything', 'running');
    const { code, stdout } = await run(['doctor', '--config', config], { env: { SIGNALBOX_DATA: product.dataDir } });
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing is wrong.') });
    expect(stdout).toMatch(/the registry runs here/);
    expect(stdout).toMatch(/server everything +(runs, and has \d+ tools|degraded)/);
  });
});

import { createEmbeddedPorts } from '@signalbox/adapter-embedded';
import type { ConfigTree, RecordedEvent } from '@signalbox/contracts';
import { followRollbacks } from '@signalbox/nest-kit';
import { loadConfig, type LiveConfig } from '@signalbox/platform';
import type { PortSet } from '@signalbox/ports';
import { waitFor } from '@signalbox/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request, { type Agent } from 'supertest';
import { expect, describe, it, onTestFinished, vi } from 'vitest';
import { checks, start } from '../../index.js';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const TIMEOUT = { timeoutMs: 20_000 };
const GITHUB = { url: 'http://127.0.0.1:9/mcp', headers: { Authorization: 'geheim' } };

interface Running {
  readonly http: Agent;
  readonly config: LiveConfig;
  readonly ports: PortSet;
  readonly path: string;
  stop(): Promise<void>;
  events(type: string): Promise<RecordedEvent[]>;
  version(): Promise<number>;
}

async function portsForTest(): Promise<PortSet> {
  const ports = await createEmbeddedPorts({ dataDir: ':memory:' });
  onTestFinished(() => ports.close());
  return ports;
}

/** A registry on a configuration as a process has it: a file, and what rollbacks hold. */
async function registryOn(file: ConfigTree, given?: PortSet, instanceId = 'registry-1'): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'registry-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'signalbox.json');
  writeFileSync(path, JSON.stringify(file));
  const env = { SIGNALBOX_DATA: folder, SIGNALBOX__REGISTRY__WATCH__MAX_WATCHERS: '150' };
  const config = loadConfig({ env, argv: ['--config', path] });
  config.use(checks);
  const ports = given ?? (await portsForTest());
  const follower = await followRollbacks(ports.events, {
    hold: (overlay) => expect(config.hold(overlay)).toEqual([]),
    onError: (error) => expect(error).toBeUndefined(),
  });
  const common = { service: 'registry', bind: '127.0.0.1', port: 0, version: '0.0.0-test' } as const;
  const service = await start({ ...common, instanceId, ports, config });
  const stop = async (): Promise<void> => {
    await service.stop();
    await follower.stop();
  };
  onTestFinished(stop);
  const http = request(service.url) as unknown as Agent;
  const events = async (type: string): Promise<RecordedEvent[]> =>
    (await ports.events.find({ type, limit: 1000 })).items.map(({ event }) => event);
  const version = async (): Promise<number> => (await http.get('/config').expect(200)).body.data.version;
  const running = { http, config, ports, path, stop, events, version };
  await waitFor(async () => (await version()) > 0, TIMEOUT);
  return running;
}

const reached = (registry: Running, version: number) =>
  waitFor(async () => (await registry.version()) === version, { ...TIMEOUT, what: `version ${version}` });
const rollBack = ({ http }: Running, version: number) =>
  http.post('/config/rollback').send({ version, who: 'ann', why: 'too slow' });

describe('the configuration in force', () => {
  it('shows each value and where it comes from, secrets masked', async () => {
    const registry = await registryOn({ mcpServers: { github: GITHUB }, signalbox: { logging: { level: 'silent' } } });
    const { body } = await registry.http.get('/config').expect(200);
    const { data } = body;
    const valueOf = (path: string) => data.values.find((value: { path: string }) => value.path === path);
    expect(valueOf('mcpServers.github.url')).toEqual({
      path: 'mcpServers.github.url',
      value: GITHUB.url,
      source: 'file',
      where: registry.path,
    });
    expect(valueOf('mcpServers.github.headers.Authorization').value).toBe('***');
    expect(valueOf('mcpServers.github.signalbox.deadlineMs')).toMatchObject({ value: 60_000, source: 'built-in' });
    expect(valueOf('signalbox.registry.watch.maxWatchers')).toMatchObject({
      value: 150,
      source: 'environment',
      where: 'SIGNALBOX__REGISTRY__WATCH__MAX_WATCHERS',
    });
    expect(valueOf('signalbox.registry.watch.keepAliveMs')).toMatchObject({ value: 15_000, source: 'built-in' });
    expect(data).toMatchObject({
      version: 1,
      cause: 'start',
      sources: [
        { source: 'file', where: registry.path, state: 'ok', problems: [] },
        { source: 'environment', state: 'ok' },
      ],
      needsRestart: [],
    });
    expect(JSON.stringify(body)).not.toContain('geheim');
  });

  it('shows what waits for a restart', async () => {
    const registry = await registryOn({});
    registry.config.update('file', { signalbox: { registry: { servers: { catchUpMs: 5 } } } });
    await reached(registry, 2);
    const { data } = (await registry.http.get('/config').expect(200)).body;
    expect(data.needsRestart).toEqual(['signalbox.registry.servers.catchUpMs']);
    expect(data.values).toContainEqual(
      expect.objectContaining({ path: 'signalbox.registry.servers.catchUpMs', value: 5, needsRestart: true }),
    );
  });

  it('shows a refused edit, which has changed nothing, and the log has it', async () => {
    const registry = await registryOn({ mcpServers: { github: GITHUB } });
    expect(registry.config.update('file', { mcpServers: { github: { url: 'ftp://x' } } })).toBe(false);
    const [refused] = await waitFor(async () => {
      const events = await registry.events('config.refused');
      return events.length > 0 && events;
    }, TIMEOUT);
    expect(refused!.data).toEqual({
      source: 'file',
      where: registry.path,
      problems: [{ path: 'mcpServers.github.url', message: expect.stringContaining('Invalid URL') }],
      version: 1,
    });
    const { data } = (await registry.http.get('/config').expect(200)).body;
    expect(data.version).toBe(1);
    expect(data.sources[0]).toMatchObject({ state: 'refused', problems: [{ path: 'mcpServers.github.url' }] });
  });
});

describe('the versions of the configuration', () => {
  it('are events, with what changed, where, and all of it masked', async () => {
    const registry = await registryOn({ mcpServers: { github: GITHUB } });
    const edited = {
      mcpServers: { github: { ...GITHUB, headers: { Authorization: 'geheim2' } }, b: { command: 'x' } },
    };
    registry.config.update('file', edited);
    await reached(registry, 2);
    const { data } = (await registry.http.get('/config/versions/2').expect(200)).body;
    expect(data).toMatchObject({
      version: 2,
      cause: 'edit',
      sources: ['file'],
      who: `file: ${registry.path}`,
      needsRestart: [],
      changes: expect.arrayContaining([
        { op: 'add', path: 'mcpServers.b', after: { command: 'x' } },
        { op: 'replace', path: 'mcpServers.github.headers.Authorization', before: '***', after: '***' },
      ]),
      document: { mcpServers: { github: { url: GITHUB.url, headers: { Authorization: '***' } }, b: { command: 'x' } } },
    });
    const list = (await registry.http.get('/config/versions').expect(200)).body.data;
    expect(list.map(({ version }: { version: number }) => version)).toEqual([2, 1]);
    const older = (await registry.http.get('/config/versions?before=2&limit=5').expect(200)).body.data;
    expect(older.map(({ version }: { version: number }) => version)).toEqual([1]);
    expect(JSON.stringify(await registry.events('#'))).not.toContain('geheim');
  });

  it('say it too when only a secret is another one, each time', async () => {
    const registry = await registryOn({ mcpServers: { github: GITHUB } });
    for (const [index, secret] of ['one', 'two'].entries()) {
      registry.config.update('file', { mcpServers: { github: { ...GITHUB, headers: { Authorization: secret } } } });
      await reached(registry, index + 2);
    }
  });

  it('are compared by path', async () => {
    const registry = await registryOn({ mcpServers: { a: { command: 'x' } } });
    registry.config.update('file', { mcpServers: { a: { command: 'y' } } });
    await reached(registry, 2);
    registry.config.update('file', { mcpServers: { a: { command: 'y', args: ['1'] } } });
    await reached(registry, 3);
    const { data } = (await registry.http.get('/config/diff?from=1').expect(200)).body;
    expect(data).toEqual({
      from: 1,
      to: 3,
      changes: expect.arrayContaining([
        { op: 'replace', path: 'mcpServers.a.command', before: 'x', after: 'y' },
        { op: 'add', path: 'mcpServers.a.args', after: ['1'] },
      ]),
    });
    const back = (await registry.http.get('/config/diff?from=3&to=2').expect(200)).body.data;
    expect(back.changes).toEqual([{ op: 'remove', path: 'mcpServers.a.args', before: ['1'] }]);
  });

  it('that there are not are named, and so are wrong questions', async () => {
    const registry = await registryOn({});
    const missing = await registry.http.get('/config/versions/7').expect(404);
    expect(missing.body).toMatchObject({ detail: expect.stringContaining('1 to 1 are known'), version: 7 });
    await registry.http.get('/config/diff?from=1&to=9').expect(404);
    await registry.http.get('/config/versions/x').expect(400);
    await registry.http.get('/config/diff').expect(400);
    const body = (await registry.http.post('/config/rollback').send({ version: 1 }).expect(400)).body;
    expect(JSON.stringify(body)).toMatch(/who.*why/s);
    await rollBack(registry, 7).expect(404);
  });

  it('go on where they were after a restart, and a change between two starts is one', async () => {
    const ports = await portsForTest();
    const first = await registryOn({ mcpServers: { a: { command: 'x' } } }, ports);
    await first.stop();
    const second = await registryOn({ mcpServers: { a: { command: 'x' } } }, ports);
    expect(await second.version()).toBe(1);
    await second.stop();
    const third = await registryOn({ mcpServers: { a: { command: 'y' } } }, ports);
    await reached(third, 2);
    const { data } = (await third.http.get('/config/versions/2').expect(200)).body;
    expect(data).toMatchObject({ cause: 'start', changes: [{ path: 'mcpServers.a.command', after: 'y' }] });
  });

  it('are written once by two registries that see the same edit', async () => {
    const ports = await portsForTest();
    const file = { mcpServers: { a: { command: 'x', env: { K: 'geheim' } } } };
    const both = [await registryOn(file, ports), await registryOn(file, ports, 'registry-2')];
    const edits = [
      { mcpServers: { a: { command: 'y', env: { K: 'geheim' } } } },
      { mcpServers: { a: { command: 'y', env: { K: 'anders' } } } },
    ];
    for (const [index, edit] of edits.entries()) {
      for (const { config } of both) config.update('file', edit);
      await reached(both[0]!, index + 2);
    }
    // what is written last shows that the work before it is done
    for (const { config } of both) config.refuse('file', [{ path: 'x', message: 'y' }]);
    await waitFor(async () => (await both[0]!.events('config.refused')).length === 2, TIMEOUT);
    expect(await both[0]!.events('config.changed')).toHaveLength(3);
  });
});

describe('a rollback', () => {
  const file = { mcpServers: { github: GITHUB, a: { command: 'x' } } };
  const edited = { mcpServers: { github: { ...GITHUB, url: 'http://127.0.0.1:8/mcp' }, b: { command: 'y' } } };
  const names = ({ config }: Running) =>
    config.servers.flatMap(({ name, source }) => (source === 'built-in' ? [] : [name])).toSorted();

  it('makes the configuration what it was, says who and why, and holds after a restart', async () => {
    const ports = await portsForTest();
    const registry = await registryOn(file, ports);
    registry.config.update('file', edited);
    await reached(registry, 2);
    expect(names(registry)).toEqual(['b', 'github']);

    const { data } = (await rollBack(registry, 1).expect(200)).body;
    expect(data).toMatchObject({ version: 3, cause: 'rollback', who: 'ann', why: 'too slow', rolledBackTo: 1 });
    expect(names(registry)).toEqual(['a', 'github']);
    const github = registry.config.servers.find(({ name }) => name === 'github')!;
    // the secret is the one of now: no other is known
    expect(github.target).toMatchObject({ url: GITHUB.url, headers: { Authorization: 'geheim' } });
    expect((await registry.http.get('/config/diff?from=1&to=3').expect(200)).body.data.changes).toEqual([]);
    const { values } = (await registry.http.get('/config').expect(200)).body.data;
    expect(values).toContainEqual(expect.objectContaining({ path: 'mcpServers.github.url', source: 'rollback' }));

    await registry.stop();
    const again = await registryOn(edited, ports);
    expect(names(again)).toEqual(['a', 'github']);
    expect(await again.version()).toBe(3);
  });

  it('gives way where somebody edits that place later', async () => {
    const registry = await registryOn(file);
    registry.config.update('file', edited);
    await reached(registry, 2);
    await rollBack(registry, 1).expect(200);
    registry.config.update('file', { mcpServers: { ...edited.mcpServers, b: { command: 'z' } } });
    await reached(registry, 4);
    expect(names(registry)).toEqual(['a', 'b', 'github']);
    const newest = (await registry.events('config.changed')).at(-1) as RecordedEvent<'config.changed'>;
    expect(newest.data.overlay?.map(({ path }) => path.join('.'))).toEqual(['mcpServers.github.url', 'mcpServers.a']);
  });

  it('may be taken back by another one', async () => {
    const registry = await registryOn(file);
    registry.config.update('file', edited);
    await reached(registry, 2);
    await rollBack(registry, 1).expect(200);
    const { data } = (await rollBack(registry, 2).expect(200)).body;
    expect(data).toMatchObject({ version: 4, rolledBackTo: 2 });
    expect([names(registry), registry.config.overlay]).toEqual([['b', 'github'], []]);
    expect((await rollBack(registry, 4).expect(200)).body.data.version).toBe(4);
  });

  it('reaches the other processes by the log', async () => {
    const ports = await portsForTest();
    const one = await registryOn(file, ports);
    const other = await registryOn(file, ports, 'registry-2');
    for (const { config } of [one, other]) config.update('file', edited);
    await reached(one, 2);
    await rollBack(one, 1).expect(200);
    await waitFor(() => names(other).join() === 'a,github', TIMEOUT);
  });

  it('is refused when a secret is gone, when it comes too early for the log, and when it would be wrong', async () => {
    const registry = await registryOn({ ...file, signalbox: { storage: { synchronous: 'FULL' } } });
    registry.config.update('file', { mcpServers: {}, signalbox: { storage: { synchronous: 'FULL' } } });
    await reached(registry, 2);
    const lost = await rollBack(registry, 1).expect(409);
    expect(lost.body).toMatchObject({ paths: ['mcpServers.github'], detail: expect.stringContaining('${NAME}') });

    registry.config.update('file', { mcpServers: {} });
    await reached(registry, 3);
    const early = await rollBack(registry, 2).expect(409);
    expect(early.body).toMatchObject({ paths: ['signalbox.storage'] });
  });

  it('is refused when it would be wrong', async () => {
    const registry = await registryOn({ mcpServers: { a: { command: 'x' }, b: { url: 'ftp://x' } } });
    registry.config.update('file', { mcpServers: { a: { command: 'y' } } });
    await reached(registry, 2);
    const { body } = await rollBack(registry, 1).expect(422);
    expect(body.problems).toMatchObject([
      { path: 'mcpServers.b.url', message: expect.stringContaining('Invalid URL') },
    ]);
    expect([await registry.version(), names(registry)]).toEqual([2, ['a']]);
  });
});

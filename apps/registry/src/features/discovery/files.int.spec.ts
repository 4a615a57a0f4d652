import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discoveryForTest } from '../../../test/discovery.js';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'signalbox-discovery-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (file: string, mcpServers: object) => writeFileSync(join(folder, file), JSON.stringify({ mcpServers }));
const files = (extra: object = {}) => ({ files: [{ name: 'hosts', path: folder, settleMs: 0 }], ...extra });
const web = (port: number) => ({ url: `http://127.0.0.1:${port}/mcp` });

describe('servers in files', () => {
  it('are quarantined until they are approved, and marked with their source', async () => {
    write('a.json', { web: { ...web(1), alwaysAllow: ['x'] }, off: { ...web(2), disabled: true } });
    const { until, servers, http, ports } = await discoveryForTest(files());
    const report = await until('hosts', ({ found }) => found.length === 1 && found[0]!.state === 'defined');
    expect(report).toMatchObject({ kind: 'files', where: folder, state: 'ok', problems: [] });
    expect(report.nextRunAt! > report.lastRunAt!).toBe(true);
    expect(await servers()).toMatchObject([
      { name: 'web', state: 'quarantined', source: 'discovered:hosts', definition: web(1) },
    ]);
    // both in one commit, so that no executor starts it in between
    const { items } = await ports.events.find({ stream: 'server-web' });
    expect(items.map(({ event }) => [event.type, event.position])).toEqual([
      ['server.registered', items[0]!.event.position],
      ['server.commanded', items[0]!.event.position],
    ]);
    await http.post('/servers/web/approve').send({ who: 'ada' }).expect(202);
    expect(await servers()).toMatchObject([{ name: 'web', target: 'running' }]);
    // what is the same needs no approval a second time
    await http.post('/discovery/run').send({}).expect(200);
    expect(await servers()).toMatchObject([{ name: 'web', target: 'running' }]);
  });

  it('need approval again when their definition changes', async () => {
    write('a.json', { web: web(1) });
    const { until, servers, http } = await discoveryForTest(files());
    await until('hosts', ({ found }) => found[0]?.state === 'defined');
    await http.post('/servers/web/approve').send({}).expect(202);
    write('a.json', { web: web(9) });
    await http.post('/discovery/run').send({ source: 'hosts' }).expect(200);
    expect(await servers()).toMatchObject([{ name: 'web', state: 'quarantined', definition: web(9) }]);
  });

  it('come and go with the folder that is watched', async () => {
    const { until, servers } = await discoveryForTest(files({ approve: 'auto', graceMs: 0 }));
    await until('hosts', ({ state }) => state === 'ok');
    write('late.json', { late: web(3) });
    await until('hosts', ({ found }) => found.some(({ name, state }) => name === 'late' && state === 'defined'));
    expect(await servers()).toMatchObject([{ name: 'late', target: 'running' }]);
    rmSync(join(folder, 'late.json'));
    await until('hosts', ({ found }) => found.length === 0);
    expect(await servers()).toEqual([]);
  });

  it('stay for the grace time', async () => {
    write('a.json', { web: web(1) });
    const { until, servers, http } = await discoveryForTest(files({ graceMs: 3_600_000 }));
    await until('hosts', ({ found }) => found[0]?.state === 'defined');
    rmSync(join(folder, 'a.json'));
    await http.post('/discovery/run').send({}).expect(200);
    await until('hosts', ({ found }) => found[0]?.state === 'missing' && found[0].reason!.includes('removed after'));
    expect(await servers()).toMatchObject([{ name: 'web' }]);
  });

  it('keep what a file said before it was broken, and say so', async () => {
    write('a.json', { web: web(1) });
    write('b.json', { other: web(2) });
    const { until, servers, http } = await discoveryForTest(files({ graceMs: 0 }));
    await until('hosts', ({ found }) => found.length === 2 && found.every(({ state }) => state === 'defined'));
    writeFileSync(join(folder, 'a.json'), '{"mcpServers": {');
    await http.post('/discovery/run').send({}).expect(200);
    const { problems } = await until('hosts', ({ state }) => state === 'partial');
    expect(problems[0]).toMatch(/^a\.json: .*what it said before counts$/);
    expect((await servers()).map(({ name }) => name)).toEqual(['other', 'web']);
    rmSync(folder, { recursive: true });
    await http.post('/discovery/run').send({}).expect(200);
    const failing = await until('hosts', ({ state }) => state === 'failing');
    expect(failing.error).toContain('no such file');
    expect((await servers()).map(({ name }) => name)).toEqual(['other', 'web']);
  });

  it('outlive the registry: the next one keeps them while its source fails', async () => {
    write('a.json', { web: web(1) });
    const first = await discoveryForTest(files());
    await first.until('hosts', ({ found }) => found[0]?.state === 'defined');
    await first.service.stop();
    rmSync(folder, { recursive: true });
    const second = await discoveryForTest(files({ graceMs: 0 }), { ports: first.ports });
    await second.until('hosts', ({ state }) => state === 'failing');
    expect(await second.servers()).toMatchObject([{ name: 'web', state: 'quarantined' }]);
  });

  it('are refused with the reason, each by itself', async () => {
    write('a.json', {
      secret: { command: 'node', env: { API_TOKEN: 'geheim-1234' } },
      neither: { args: [] },
      cycle: { ...web(4), signalbox: { dependsOn: ['cycle'] } },
      good: web(5),
    });
    const { until, servers, ports } = await discoveryForTest(files());
    const { found } = await until(
      'hosts',
      (report) => report.found.length === 4 && report.found[3]!.state === 'defined',
    );
    const reasons = Object.fromEntries(found.map(({ name, reason }) => [name, reason]));
    expect(reasons['secret']).toContain('env.API_TOKEN: looks like a secret');
    expect(reasons['neither']).toContain('needs either "command"');
    expect(reasons['cycle']).toContain('cycle → cycle');
    expect((await servers()).map(({ name }) => name)).toEqual(['good']);
    expect(JSON.stringify((await ports.events.find({ limit: 1_000 })).items)).not.toContain('geheim');
  });

  it('are not removed by the API, which can take them over', async () => {
    write('a.json', { web: web(1) });
    const { until, http, servers } = await discoveryForTest(files());
    await until('hosts', ({ found }) => found[0]?.state === 'defined');
    const { body } = await http.delete('/servers/web?who=ada').expect(409);
    expect(body.detail).toBe('web was found by discovery (hosts) and would be found again; quarantine it instead');
    await http
      .put('/servers/web')
      .send({ definition: web(1), who: 'ada' })
      .expect(200);
    await http.post('/discovery/run').send({}).expect(200);
    expect(await servers()).toEqual([]);
    const { found } = await until('hosts', (report) => report.found[0]?.state === 'duplicate');
    expect(found).toEqual([{ name: 'web', server: 'web', state: 'duplicate', reason: 'is web already' }]);
  });
});

describe('who looks', () => {
  it('is one registry of several; another one takes over', async () => {
    write('a.json', { web: web(1) });
    const first = await discoveryForTest(files());
    await first.until('hosts', ({ found }) => found[0]?.state === 'defined');
    const second = await discoveryForTest(files(), { ports: first.ports, instanceId: 'registry-2' });
    const { body } = await second.http.get('/discovery').expect(200);
    expect(body.data.leader).toEqual({ instanceId: 'registry-1', isHere: false });
    const elsewhere = await second.until('hosts', ({ found }) => found.length === 1);
    expect(elsewhere).toMatchObject({ state: 'elsewhere', found: [{ server: 'web', state: 'defined' }] });
    const refused = await second.http.post('/discovery/run').send({}).expect(409);
    expect(refused.body.detail).toBe('registry-1 leads the discovery: ask there');
    await first.service.stop();
    await second.until('hosts', ({ state }) => state === 'ok');
    // nothing is done twice
    const { items } = await first.ports.events.find({ type: 'server.registered' });
    expect(items).toHaveLength(1);
  });
});

describe('wrong settings', () => {
  it.each([
    [{ files: [{ name: 'A b', path: 'x' }] }, 'signalbox.discovery.files[0].name: must be lower-case'],
    [{ scan: [{ name: 'a', ports: '1-2000' }] }, 'signalbox.discovery.scan[0].ports: must be as in 9000-9099'],
    [{ scan: [{ name: 'a', ports: '1', host: '${HOME}' }] }, 'signalbox.discovery.scan[0].host: must be a host name'],
    [{ dns: [{ name: 'a', query: 'x', resolvers: ['dns'] }] }, 'resolvers[0]: must be an IP address'],
    [{ consul: [{ name: 'a' }] }, 'signalbox.discovery.consul[0].url: missing, and CONSUL_URL is not set'],
    [
      { files: [{ name: 'a', path: 'x' }], scan: [{ name: 'a', ports: '1' }] },
      'signalbox.discovery.scan[0].name: a is taken by another source',
    ],
  ])('%j: %s', async (section, message) => {
    await expect(discoveryForTest(section)).rejects.toThrow(message);
  });

  it('an unknown source is named, with those there are', async () => {
    const { http } = await discoveryForTest(files());
    const { body } = await http.post('/discovery/run').send({ source: 'host' }).expect(404);
    expect(body.detail).toBe('no source is called host; there are: hosts');
  });
});

import { createEvent, upstreamSettingsSchema, type NewEvent, type UpstreamDefinition } from '@signalbox/contracts';
import type { PortSet } from '@signalbox/ports';
import { describe, expect, it } from 'vitest';
import { registryForTest, type RegistryOptions } from '../../../test/running-service.js';

const FROM_FILE: UpstreamDefinition = {
  name: 'files',
  target: { kind: 'stdio', command: 'node', args: [], env: {} },
  settings: upstreamSettingsSchema.parse({}),
  source: '/etc/signalbox.json',
};
const NODE = { command: 'node', args: ['server.js'] };
const dependingOn = (...dependsOn: string[]) => ({ ...NODE, signalbox: { dependsOn } });

async function registry(options: RegistryOptions = {}) {
  const running = await registryForTest(options);
  const { http, ports } = running;
  const define = (name: string, definition: object = NODE, more: object = {}) =>
    http.post('/servers').send({ name, definition, ...more });
  const command = (name: string, what: string, body: object = {}) => http.post(`/servers/${name}/${what}`).send(body);
  /** What an executor writes. */
  const tell = (server: string, ...events: NewEvent[]) =>
    ports.events.append({
      stream: `upstream-${server}`,
      expectedVersion: 'any',
      events,
      commitId: events[0]!.id,
      metadata: { actor: 'tool-executor-1', correlationId: 'c' },
    });
  const runs = (server: string) => tell(server, started(server));
  return { ...running, define, command, tell, runs };
}

const started = (server: string) =>
  createEvent('server.started', {
    server,
    executor: 'tool-executor-1',
    protocolVersion: '2025-11-25',
    serverInfo: { name: server, version: '1' },
    capabilities: {},
  });
const stopped = (server: string) =>
  createEvent('server.stopped', { server, executor: 'tool-executor-1', reason: 'told' });

const eventsOf = async (ports: PortSet, type: string) =>
  (await ports.events.find({ type, limit: 100 })).items.map(({ event }) => event);

describe('POST /servers', () => {
  it('defines a server, with who and why in the log, and references as references', async () => {
    const { define, http, ports } = await registry({ env: { TOKEN: 'geheim' } });
    const definition = {
      url: 'https://example.org/mcp',
      headers: { Authorization: 'Bearer ${TOKEN}' },
      signalbox: { trusted: true },
    };
    const { body } = await define('remote', definition, { who: 'ada', why: 'needed' }).expect(201);
    expect(body).toMatchObject({
      success: true,
      data: { name: 'remote', state: 'registered', target: 'running', transport: 'http', source: 'api' },
    });
    const [event] = await eventsOf(ports, 'server.registered');
    expect(event).toMatchObject({
      stream: 'server-remote',
      data: { definition, source: 'api', who: 'ada', why: 'needed' },
    });
    expect(JSON.stringify(event)).not.toContain('geheim');
    expect((await http.get('/servers').expect(200)).body.data).toMatchObject([{ name: 'remote' }]);
  });

  it('keeps it over a restart of the registry, also beside a configuration that does not have it', async () => {
    const { define, service, ports } = await registry();
    await define('mine').expect(201);
    await service.stop();
    const again = await registry({ ports, servers: [FROM_FILE] });
    const { body } = await again.http.get('/servers').expect(200);
    expect(body.data.map(({ name, source }: { name: string; source: string }) => [name, source])).toEqual([
      ['files', '/etc/signalbox.json'],
      ['mine', 'api'],
    ]);
  });

  it.each([
    ['a name that is none', '../etc/passwd', NODE, 'is no server name'],
    ['the name of a built-in server', 'registry', NODE, 'is the name of a built-in server'],
    ['the name of a prototype', '__proto__', NODE, 'is no server name'],
    ['no target', 'x', { args: [] }, 'needs either "command"'],
    ['two targets', 'x', { ...NODE, url: 'http://h/mcp' }, 'both "command" and "url"'],
    ['an unknown key', 'x', { ...NODE, comand: 'node' }, 'mcpServers.x.comand: unknown key; known: type'],
    ['an unknown setting', 'x', { ...NODE, signalbox: { poll: {} } }, 'mcpServers.x.signalbox.poll: unknown key'],
    ['a scheme that is no web address', 'x', { url: 'file:///etc/passwd' }, 'mcpServers.x.url'],
    ['a variable that is not set', 'x', { ...NODE, env: { A: '${NOT_SET}' } }, 'NOT_SET is not set'],
    ['itself as dependency', 'x', dependingOn('x'), 'x → x'],
    ['a dependency that does not exist', 'x', dependingOn('nobody'), 'x depends on nobody, which does not exist'],
    ['a secret in env', 'x', { ...NODE, env: { API_KEY: 'geheim' } }, 'mcpServers.x.env.API_KEY: looks like a secret'],
    ['a secret under a plain name', 'x', { ...NODE, env: { A: 'sk-abcdefghijklmnopqrst' } }, 'env.A: looks like'],
    ['a secret header', 'x', { url: 'http://h/', headers: { Authorization: 'Bearer abc' } }, 'headers.Authorization'],
    ['a secret argument', 'x', { ...NODE, args: ['--token=geheim'] }, 'mcpServers.x.args[0]: looks like a secret'],
    ['a password in a URL', 'x', { url: 'https://me:geheim@h/mcp' }, 'mcpServers.x.url: looks like a secret'],
  ])('refuses %s, and writes nothing', async (_what, name, definition, message) => {
    const { define, ports } = await registry();
    const { body, headers } = await define(name, definition);
    expect([body.status, body.detail]).toEqual([expect.any(Number), expect.stringContaining(message)]);
    expect([400, 409]).toContain(body.status);
    expect(headers['content-type']).toContain('application/problem+json');
    expect(body.detail).not.toContain('geheim');
    expect(await eventsOf(ports, 'server.*')).toEqual([]);
  });

  it('keeps plain values of env, and refuses unknown keys around the definition', async () => {
    const { define } = await registry();
    const { body } = await define('x', { ...NODE, env: { LOG_LEVEL: 'debug' } }).expect(201);
    expect(body.data.definition.env).toEqual({ LOG_LEVEL: 'debug' });
    expect((await define('y', NODE, { whom: 'ada' }).expect(400)).body.detail).toContain('whom');
  });

  it('refuses a server that is this Signalbox itself', async () => {
    const { define, ports } = await registry();
    await ports.directory.register({
      id: 'gateway-1',
      serviceName: 'gateway',
      host: '127.0.0.1',
      port: 3999,
      status: 'UP',
      role: 'worker',
      capacity: { maxConcurrentRequests: 1, currentLoad: 0 },
      features: [],
      tags: [],
      metadata: {},
      registrationTime: 1,
      lastUpdateTime: 1,
    });
    const { body } = await define('loop', { url: 'http://localhost:3999/mcp' }).expect(400);
    expect(body.detail).toContain('calls would go round in a circle');
    await define('other', { url: 'http://localhost:3998/mcp' }).expect(201);
  });

  it('refuses a name that is taken, and says where it comes from', async () => {
    const { define } = await registry({ servers: [FROM_FILE] });
    expect((await define('files').expect(409)).body.detail).toContain('/etc/signalbox.json');
    await define('mine').expect(201);
    expect((await define('mine').expect(409)).body.detail).toContain('PUT changes it');
  });

  it('refuses a cycle over several servers, and names it', async () => {
    const { define, http } = await registry();
    await define('db').expect(201);
    await define('api', dependingOn('db')).expect(201);
    await define('web', dependingOn('api')).expect(201);
    const { body } = await http
      .put('/servers/db')
      .send({ definition: dependingOn('web') })
      .expect(409);
    expect(body).toMatchObject({ code: 'dependency-cycle', detail: expect.stringContaining('db → web → api → db') });
  });
});

describe('PUT and DELETE /servers/:name', () => {
  it('change a server, write nothing when it is the same, and define one that is new', async () => {
    const { http, ports } = await registry();
    const put = (definition: object) => http.put('/servers/x').send({ definition, who: 'ada' });
    await put(NODE).expect(201);
    await put(NODE).expect(200);
    expect((await put({ ...NODE, args: ['other.js'] }).expect(200)).body.data.definition.args).toEqual(['other.js']);
    expect(await eventsOf(ports, 'server.registered')).toHaveLength(2);
  });

  it('remove what was defined by the API, with who and why', async () => {
    const { define, http, ports } = await registry({ servers: [FROM_FILE] });
    await define('x').expect(201);
    await http.delete('/servers/x?who=ada&why=done').expect(200);
    expect(await eventsOf(ports, 'server.removed')).toMatchObject([
      { data: { server: 'x', who: 'ada', why: 'done', reason: 'removed by ada: done' } },
    ]);
    const gone = await http.delete('/servers/x').expect(404);
    expect(gone.body).toMatchObject({ servers: ['files'] });
    await http.delete('/servers/files').expect(409);
    await define('x').expect(201);
  });

  it('leave what others depend on', async () => {
    const { define, http } = await registry();
    await define('db').expect(201);
    await define('web', dependingOn('db')).expect(201);
    const { body } = await http.delete('/servers/db').expect(409);
    expect(body).toMatchObject({ code: 'has-dependants', dependants: ['web'] });
  });
});

describe('POST /servers/:name/:command', () => {
  it('writes the command with who and why, and shows the state that it leads to', async () => {
    const { command, http, ports, runs, tell } = await registry({ servers: [FROM_FILE] });
    await runs('files');
    const { body } = await command('files', 'drain', { who: 'ada', why: 'upgrade' }).expect(202);
    expect(body).toMatchObject({
      data: { state: 'stopping', target: 'stopped', lastCommand: { command: 'drain', who: 'ada', why: 'upgrade' } },
      commands: [{ server: 'files', command: 'drain' }],
    });
    expect(await eventsOf(ports, 'server.commanded')).toMatchObject([
      { data: { server: 'files', command: 'drain', who: 'ada', why: 'upgrade' } },
    ]);
    expect((await command('files', 'stop').expect(202)).body.commands).toEqual([]);
    await tell('files', stopped('files'));
    await command('files', 'start').expect(202);
    expect((await http.get('/servers/files').expect(200)).body.data).toMatchObject({ state: 'starting' });
  });

  it('refuses what the state does not allow, and names the precondition', async () => {
    const { command, runs } = await registry({ servers: [FROM_FILE] });
    await runs('files');
    const { body } = await command('files', 'approve').expect(409);
    expect(body).toMatchObject({ code: 'wrong-state', state: 'running', allowedIn: ['quarantined'] });
    await command('files', 'quarantine', { who: 'ada', why: 'odd answers' }).expect(202);
    const refused = await command('files', 'start').expect(409);
    expect(refused.body.detail).toBe('cannot start files: it is quarantined; approve it first');
    expect((await command('files', 'approve').expect(202)).body.data.state).toBe('starting');
  });

  it('stops dependants first, starts dependencies first, and touches no others when it is told not to', async () => {
    const { define, command, runs, tell } = await registry();
    await define('db').expect(201);
    await define('api', dependingOn('db')).expect(201);
    await define('web', dependingOn('api')).expect(201);
    for (const name of ['db', 'api', 'web']) await runs(name);
    const refused = await command('db', 'stop', { cascade: false }).expect(409);
    expect(refused.body).toMatchObject({ code: 'dependants-running', dependants: ['web', 'api'] });
    const names = async (name: string, what: string) =>
      (await command(name, what).expect(202)).body.commands.map(({ server }: { server: string }) => server);
    expect(await names('db', 'stop')).toEqual(['web', 'api', 'db']);
    for (const name of ['db', 'api', 'web']) await tell(name, stopped(name));
    expect(await names('web', 'start')).toEqual(['db', 'api', 'web']);
  });

  it('answers 404 with the nearest names, and 400 for what is no command', async () => {
    const { command } = await registry({ servers: [FROM_FILE] });
    expect((await command('flies', 'stop').expect(404)).body).toMatchObject({ nearest: ['files'] });
    expect((await command('files', 'explode').expect(400)).body.detail).toContain('start, stop, restart');
    expect((await command('files', 'stop', { who: '' }).expect(400)).body.detail).toContain('who');
  });

  it('is described in the OpenAPI document', async () => {
    const { http } = await registry();
    const { body } = await http.get('/openapi.json').expect(200);
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining(['/servers', '/servers/{name}', '/servers/{name}/{command}']),
    );
  });
});

describe('two operators at once', () => {
  it('are both heard, one after the other', async () => {
    const { command, ports, runs } = await registry({ servers: [FROM_FILE] });
    await runs('files');
    await Promise.all(['ada', 'bob', 'cyd'].map((who) => command('files', 'quarantine', { who }).expect(202)));
    expect(await eventsOf(ports, 'server.commanded')).toHaveLength(1);
  });
});

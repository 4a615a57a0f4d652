import { describeWithServers, freePortBase, waitFor } from '@signalbox/testing';
import { hasConformanceFixture, startConformanceFixture } from '@signalbox/testing/mcp-servers';
import { AUTHORITATIVE_ANSWER, decode, encode, type Answer } from 'dns-packet';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { discoveryForTest, otherServerForTest } from '../../../test/discovery.js';
import { registryForTest } from '../../../test/running-service.js';

/** A DNS server over UDP whose zone can be changed, and which can be closed. */
async function dnsForTest(zone: Answer[]) {
  const socket = createSocket('udp4');
  socket.on('message', (message, { port, address }) => {
    const { id, questions = [] } = decode(message);
    const answers = zone.filter(({ name, type }) =>
      questions.some((asked) => asked.name === name && asked.type === type),
    );
    const rcode = zone.some(({ name }) => name === questions[0]?.name) ? 0 : NXDOMAIN;
    socket.send(
      encode({ type: 'response', id: id!, flags: AUTHORITATIVE_ANSWER | rcode, questions, answers }),
      port,
      address,
    );
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  let isClosed = false;
  const close = (): void => {
    if (!isClosed) socket.close();
    isClosed = true;
  };
  onTestFinished(close);
  return { resolvers: [`127.0.0.1:${socket.address().port}`], zone, close };
}

const NXDOMAIN = 3;
const srv = (target: string, port: number, priority = 1): Answer => ({
  name: '_mcp._tcp.example.test',
  type: 'SRV',
  ttl: 1,
  data: { target, port, priority, weight: 1 },
});
const a = (data: string): Answer => ({ name: 'tools.example.test', type: 'A', ttl: 1, data });

describe('servers in DNS', () => {
  it('are where SRV records say; they go when the records go, and stay while the name server is away', async () => {
    const dns = await dnsForTest([srv('search.example.test', 8_080, 2), srv('weather.example.test', 8_081)]);
    const source = { name: 'net', query: '_mcp._tcp.example.test', resolvers: dns.resolvers, group: 'instance' };
    const { until, servers, http } = await discoveryForTest({ dns: [source], approve: 'auto', graceMs: 0 });
    await until('net', ({ found }) => found.length === 2 && found.every(({ state }) => state === 'defined'));
    expect((await servers()).map(({ name, definition }) => [name, definition.url])).toEqual([
      ['search', 'http://search.example.test:8080/mcp'],
      ['weather', 'http://weather.example.test:8081/mcp'],
    ]);
    dns.zone.shift();
    await http.post('/discovery/run').send({}).expect(200);
    expect((await servers()).map(({ name }) => name)).toEqual(['weather']);
    dns.zone.shift();
    dns.close();
    await http.post('/discovery/run').send({}).expect(200);
    const failing = await until('net', ({ state }) => state === 'failing');
    expect(failing.error).toMatch(/^SRV _mcp\._tcp\.example\.test: /);
    expect((await servers()).map(({ name }) => name)).toEqual(['weather']);
  });

  it('are at the addresses of A records, at the port that is configured', async () => {
    const dns = await dnsForTest([a('10.0.0.1'), a('10.0.0.2')]);
    const source = {
      name: 'net',
      type: 'A',
      query: 'tools.example.test',
      port: 9_000,
      path: '/x',
      resolvers: dns.resolvers,
      group: 'instance',
    };
    const { until, servers } = await discoveryForTest({ dns: [source] });
    await until('net', ({ found }) => found.length === 2 && found.every(({ state }) => state === 'defined'));
    expect((await servers()).map(({ definition }) => definition.url).sort()).toEqual([
      'http://10.0.0.1:9000/x',
      'http://10.0.0.2:9000/x',
    ]);
  });

  it('are instances of one server where they have one name; it is approved once, whatever instances come and go', async () => {
    const dns = await dnsForTest([a('10.0.0.2'), a('10.0.0.1')]);
    const source = { name: 'net', type: 'A', query: 'tools.example.test', port: 9_000, resolvers: dns.resolvers };
    const { until, servers, http } = await discoveryForTest({ dns: [source], graceMs: 60_000 });
    await until('net', ({ found }) => found[0]?.state === 'defined');
    const instances = async () => {
      const [server, ...others] = await servers();
      expect(others).toEqual([]);
      expect(server!.name).toBe('tools');
      return server!.definition.instances!;
    };
    const urls = async () => (await instances()).map(({ url }) => url);
    expect(await urls()).toEqual(['http://10.0.0.1:9000/mcp', 'http://10.0.0.2:9000/mcp']);
    expect((await servers())[0]).toMatchObject({ state: 'quarantined' });
    await http.post('/servers/tools/approve').send({ who: 'ada' });
    const wanted = async () => (await servers())[0]!.state;
    const approved = await wanted();
    expect(approved).not.toBe('quarantined');
    dns.zone.shift();
    dns.zone.push(a('10.0.0.3'));
    await http.post('/discovery/run').send({}).expect(200);
    expect(await urls()).toEqual(['http://10.0.0.1:9000/mcp', 'http://10.0.0.3:9000/mcp']);
    expect(await wanted()).toBe(approved);
  });

  it('are those with the least priority, by their weights', async () => {
    const weighted = (target: string, weight: number, priority: number): Answer =>
      ({
        ...srv(target, 8_080, priority),
        ...{ data: { target, port: 8_080, priority, weight } },
      }) as Answer;
    const zone = [weighted('a.example.test', 5, 1), weighted('b.example.test', 0, 1), weighted('c.example.test', 9, 2)];
    const dns = await dnsForTest(zone);
    const source = { name: 'net', query: '_mcp._tcp.example.test', resolvers: dns.resolvers };
    const { until, servers } = await discoveryForTest({ dns: [source] });
    await until('net', ({ found }) => found[0]?.state === 'defined');
    expect((await servers()).map(({ name, definition }) => [name, definition.instances])).toEqual([
      [
        'example',
        [
          { url: 'http://a.example.test:8080/mcp', weight: 5 },
          { url: 'http://b.example.test:8080/mcp', weight: 1 },
        ],
      ],
    ]);
  });

  it('are not there when the name does not exist', async () => {
    const dns = await dnsForTest([]);
    const { until } = await discoveryForTest({
      dns: [{ name: 'net', query: 'nobody.example.test', type: 'A', resolvers: dns.resolvers }],
    });
    expect(await until('net', ({ state }) => state !== 'waiting')).toMatchObject({ state: 'ok', found: [] });
  });
});

describeWithServers(['CONSUL_URL'], 'servers in Consul', (url) => {
  const agent = async (path: string, body?: object) => {
    const answer = await fetch(`${url}/v1/agent/service/${path}`, {
      method: 'PUT',
      body: body && JSON.stringify(body),
    });
    expect(answer.status).toBe(200);
  };
  const register = async (service: { ID: string; Name: string }, rest: object) => {
    await agent('register', { ...service, ...rest });
    onTestFinished(() => agent(`deregister/${service.ID}`));
  };

  it('are the services with the tag, where their metadata says', async () => {
    const tag = `mcp-test-${crypto.randomUUID()}`;
    const id = crypto.randomUUID();
    await register({ ID: `one-${id}`, Name: `one-${id}` }, { Tags: [tag], Address: '10.1.0.1', Port: 7_000 });
    const Meta = { 'mcp-path': '/v1/mcp', 'mcp-protocol': 'https', 'mcp-name': 'two' };
    await register(
      { ID: `two-${id}`, Name: `two-${id}` },
      { Tags: ['x', tag], Address: '10.1.0.2', Port: 7_001, Meta },
    );
    await register({ ID: `untagged-${id}`, Name: `untagged-${id}` }, { Address: '10.1.0.3', Port: 7_002 });
    const hostile = { Tags: [tag], Address: '10.1.0.4', Port: 7_003, Meta: { 'mcp-path': '/${HOME}' } };
    await register({ ID: `hostile-${id}`, Name: `hostile-${id}` }, hostile);
    // the agent tells its catalogue a little later
    const tagged = async () => {
      const services = (await (await fetch(`${url}/v1/catalog/services`)).json()) as Record<string, string[]>;
      return Object.values(services).filter((tags) => tags.includes(tag)).length === 3;
    };
    await waitFor(tagged, { timeoutMs: 15_000, what: 'the catalogue' });
    const { until, servers, http } = await discoveryForTest(
      { consul: [{ name: 'catalogue', tag, group: 'instance' }], graceMs: 0, approve: 'auto' },
      { env: { CONSUL_URL: url } },
    );
    const { problems } = await until(
      'catalogue',
      ({ found }) => found.length === 2 && found.every(({ state }) => state === 'defined'),
    );
    expect(problems).toEqual([expect.stringContaining('its mcp-path /${HOME} must begin with /')]);
    expect((await servers()).map(({ definition }) => definition.url).sort()).toEqual([
      'http://10.1.0.1:7000/mcp',
      'https://10.1.0.2:7001/v1/mcp',
    ]);
    expect((await servers()).map(({ name }) => name)).toContain('two');
    await agent(`deregister/two-${id}`);
    const gone = async () => {
      await http.post('/discovery/run').send({}).expect(200);
      return (await servers()).length === 1;
    };
    await waitFor(gone, { timeoutMs: 15_000, what: 'the end of two' });
  });

  it('are one server for each service, with the instances that it has now', async () => {
    const id = crypto.randomUUID();
    const tag = `mcp-test-${id}`;
    const Name = `search-${id}`;
    for (const n of [1, 2]) {
      const rest = { Tags: [tag], Address: `10.2.0.${n}`, Port: 7_000, Weights: { Passing: n, Warning: 1 } };
      await register({ ID: `${n}-${id}`, Name }, rest);
    }
    const { servers, http } = await discoveryForTest(
      { consul: [{ name: 'catalogue', tag }], graceMs: 60_000, approve: 'auto' },
      { env: { CONSUL_URL: url } },
    );
    // the agent tells its catalogue a little later
    const untilInstances = (expected: object[]) =>
      waitFor(
        async () => {
          await http.post('/discovery/run').send({}).expect(200);
          const all = await servers();
          expect(all).toHaveLength(1);
          expect(all[0]!.definition.instances).toEqual(expected);
          return true;
        },
        { timeoutMs: 15_000, what: `instances ${JSON.stringify(expected)}` },
      );
    const at = (n: number) => ({ url: `http://10.2.0.${n}:7000/mcp`, weight: n });
    await untilInstances([at(1), at(2)]);
    await agent(`deregister/1-${id}`);
    await untilInstances([at(2)]);
  });

  it('stay while Consul does not answer', async () => {
    const port = await otherServerForTest(500);
    const consul = [{ name: 'catalogue', url: `http://127.0.0.1:${port}` }];
    const { until } = await discoveryForTest({ consul });
    expect(await until('catalogue', ({ state }) => state === 'failing')).toMatchObject({
      error: 'Consul answers 500 to /v1/catalog/services: no',
    });
  });
});

describe.skipIf(!hasConformanceFixture())('servers at ports', () => {
  it('are those that speak MCP, of either era, and no others', async () => {
    const from = await freePortBase(6);
    const [legacy, modern] = await Promise.all([
      startConformanceFixture(from + 1, 'legacy'),
      startConformanceFixture(from + 4, 'modern'),
    ]);
    onTestFinished(async () => void (await Promise.all([legacy.stop(), modern.stop()])));
    const scan = [{ name: 'local', ports: `${from}-${from + 5}`, parallel: 3 }];
    const { until, servers, http } = await discoveryForTest({ scan });
    const { found } = await until(
      'local',
      (report) => report.found.length === 2 && report.found.every(({ state }) => state === 'defined'),
    );
    expect(new Set(found.map(({ server }) => server)).size).toBe(2);
    expect((await servers()).map(({ definition }) => definition.url).sort()).toEqual([legacy.url, modern.url].sort());
    const { body } = await http
      .post('/discovery/scan')
      .send({ ports: `${from + 4}` })
      .expect(200);
    expect(body.data).toEqual({ found: [{ name: expect.any(String), url: modern.url }], problems: [] });
  });
});

describe('a scan', () => {
  it('finds no web server, and notes one that wants a token', async () => {
    const [web, guarded] = await Promise.all([otherServerForTest(404), otherServerForTest(401)]);
    const section = {
      scan: [
        { name: 'web', ports: String(web) },
        { name: 'guarded', ports: String(guarded) },
      ],
    };
    const { until } = await discoveryForTest(section);
    expect(await until('web', ({ state }) => state === 'ok')).toMatchObject({ found: [], problems: [] });
    const { found, problems } = await until('guarded', ({ state }) => state === 'ok');
    expect(found).toEqual([]);
    expect(problems).toEqual([expect.stringContaining(`http://127.0.0.1:${guarded}/mcp: `)]);
  });

  it('leaves out the services of this Signalbox itself', async () => {
    const other = await registryForTest();
    const scan = [{ name: 'local', ports: new URL(other.service.url).port }];
    const { until, servers } = await discoveryForTest({ scan }, { ports: other.ports, instanceId: 'registry-2' });
    const { found } = await until('local', (report) => report.found[0]?.state === 'own');
    expect(found).toEqual([{ name: 'signalbox-registry', state: 'own', reason: 'is a service of this Signalbox' }]);
    expect(await servers()).toEqual([]);
  });

  it('gives up one that accepts and never answers', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const sockets = new Set<{ destroy(): void }>();
    silent.on('connection', (socket) => sockets.add(socket));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const { port } = silent.address() as { port: number };
    const { until } = await discoveryForTest({ scan: [{ name: 'silent', ports: String(port), probeMs: 1_000 }] });
    expect(await until('silent', ({ state }) => state === 'ok')).toMatchObject({ found: [] });
    await waitFor(() => sockets.size > 0, { what: 'the connection' });
  });

  it('is refused outside of the ranges that are configured', async () => {
    const { http } = await discoveryForTest({ scan: [{ name: 'local', ports: '29000-29001' }] });
    for (const body of [{ ports: '29000-29002' }, { ports: '28999' }, { host: '10.0.0.1', ports: '29000' }]) {
      const refused = await http.post('/discovery/scan').send(body).expect(403);
      expect(refused.body.detail).toContain('signalbox.discovery.scan allows: 127.0.0.1:29000-29001');
    }
    await http.post('/discovery/scan').send({ ports: 'all' }).expect(400);
    const none = await discoveryForTest({});
    expect((await none.http.post('/discovery/scan').send({ ports: '80' }).expect(403)).body.detail).toContain(
      'nothing',
    );
  });
});

#!/usr/bin/env node
// Calls per second through all five services as processes, RabbitMQ and the log in MongoDB, beside a bare hop and the floor of the
// profile (baseline/distributed-floor.mjs) in the same run. CPU per call is what to compare where other work is on the machine.
// Needs AMQP_URL, MONGODB_URL and CONSUL_URL; works in a database and, where the broker's management answers, a virtual host of its own.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MongoClient } from 'mongodb';
import { cpuMicros, cpuOfPrograms, load, start } from './lib/processes.mjs';
import { topOf } from './lib/profile.mjs';
import { tool } from './lib/tools.mjs';

const { values: options } = parseArgs({
  options: {
    clients: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    /** Safety class of the tool: a `read` is answered while its events are on their way to the log. */
    class: { type: 'string', default: 'unsafe' },
    executors: { type: 'string', default: '1' },
    /** A service whose functions are listed by their share of the time. */
    profile: { type: 'string' },
    'port-base': { type: 'string', default: '23500' },
  },
});
const { AMQP_URL, MONGODB_URL, CONSUL_URL } = process.env;
if (!AMQP_URL || !MONGODB_URL || !CONSUL_URL) {
  console.error('AMQP_URL, MONGODB_URL and CONSUL_URL have to be set');
  process.exit(1);
}
const portBase = Number(options['port-base']);
const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'));
const name = `bench-${randomBytes(6).toString('hex')}`;
const loadgen = tool('loadgen');
/** Servers that the calls go through, by what their command lines have: those of the lab, and MongoDB itself. */
const SERVERS = { RabbitMQ: 'beam.smp', FerretDB: 'ferretdb', PostgreSQL: 'postgres', MongoDB: 'mongod' };
const OFFSETS = { gateway: 0, registry: 1, 'tool-executor': 2, 'resource-service': 3, monitor: 4 };

const mongo = new URL(MONGODB_URL);
mongo.pathname = `/${name}`;
const broker = await virtualHost(AMQP_URL);

const answers = (url) => async () => (await fetch(url)).ok;
const callable = (url, called) => async () =>
  (await load(loadgen, ['-url', url, '-tool', called, '-c', '1', '-d', '0.1', '-warmup', '0'])).errors === 0;
const upstream = await start(tool('upstream'), ['-addr', `127.0.0.1:${portBase + 50}`], {
  ready: answers(`http://127.0.0.1:${portBase + 50}/health`),
});
const direct = `http://127.0.0.1:${portBase + 50}/mcp`;
const hopUrl = `http://127.0.0.1:${portBase + 51}/mcp`;
const hop = await start(process.execPath, ['bench/baseline/hop.mjs', String(portBase + 51), direct], {
  ready: callable(hopUrl, 'echo'),
});
const servers = { AMQP_URL: broker.url, MONGODB_URL: mongo.href };
const floorUrl = `http://127.0.0.1:${portBase + 52}/mcp`;
const floor = [
  await start(process.execPath, ['bench/baseline/distributed-floor.mjs', 'back', String(portBase + 53), direct], {
    env: servers,
    ready: answers(`http://127.0.0.1:${portBase + 53}/`),
  }),
  await start(process.execPath, ['bench/baseline/distributed-floor.mjs', 'front', String(portBase + 52), direct], {
    env: servers,
    ready: callable(floorUrl, 'echo'),
  }),
];
const config = join(folder, 'config.json');
const settings = { tools: { echo: { class: options.class } } };
writeFileSync(config, JSON.stringify({ mcpServers: { bench: { url: direct, signalbox: settings } } }));

const services = [];
/** Starts a service in a process of its own; `copy` keeps the ports of several apart. */
async function startService(service, copy = 0) {
  const base = portBase + 60 + 5 * copy;
  const profiling =
    options.profile === service && copy === 0 ? ['--cpu-prof', '--cpu-prof-dir', join(folder, 'profile')] : [];
  const running = await start(process.execPath, [...profiling, `apps/${service}/dist/main.js`], {
    env: {
      SIGNALBOX_PROFILE: 'distributed',
      SIGNALBOX_PORT_BASE: String(base),
      SIGNALBOX_CONFIG: config,
      SIGNALBOX__LOGGING__LEVEL: 'silent',
      ...servers,
      OTEL_EXPORTER_OTLP_ENDPOINT: '',
    },
    ready: answers(`http://127.0.0.1:${base + OFFSETS[service]}/health/ready`),
    seconds: 60,
  });
  services.push({ service, ...running });
}
const signalboxUrl = `http://127.0.0.1:${portBase + 60}/mcp`;
const rows = [];
try {
  await Promise.all(['registry', 'resource-service'].map((service) => startService(service)));
  for (let copy = 0; copy < Number(options.executors); copy++) await startService('tool-executor', copy);
  await Promise.all(['gateway', 'monitor'].map((service) => startService(service)));
  await until(callable(signalboxUrl, 'bench__echo'));
  const targets = [
    { name: 'bare hop', url: hopUrl, tool: 'echo', pids: [hop.pid] },
    { name: 'floor', url: floorUrl, tool: 'echo', pids: floor.map(({ pid }) => pid) },
    { name: 'signalbox', url: signalboxUrl, tool: 'bench__echo', pids: services.map(({ pid }) => pid) },
  ];
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const clients of options.clients.split(',')) {
      for (const target of targets) {
        const before = target.pids.map((pid) => cpuMicros(pid));
        const serversBefore = cpuOfPrograms(SERVERS);
        const args = ['-url', target.url, '-tool', target.tool, '-c', clients, '-d', options.seconds, '-warmup', '1'];
        const result = await load(loadgen, args);
        const cpu = target.pids.map((pid, index) => (cpuMicros(pid) - before[index]) / result.all_calls);
        const after = cpuOfPrograms(SERVERS);
        const serverCpu = Object.keys(SERVERS).map((key) => (after[key] - serversBefore[key]) / result.all_calls);
        rows.push({ target: target.name, clients, ...result, cpu, serverCpu });
      }
    }
  }
} finally {
  await Promise.all([
    ...services.map((each) => each.stop()),
    ...floor.map((each) => each.stop()),
    hop.stop(),
    upstream.stop(),
  ]);
  const client = await MongoClient.connect(MONGODB_URL);
  await client.db(name).dropDatabase();
  await client.close();
  await broker.remove();
}
const sum = (values) => values.reduce((total, value) => total + value, 0);
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const TARGETS = ['bare hop', 'floor', 'signalbox'];
const table = [];
for (const clients of options.clients.split(',')) {
  const of = (target) => rows.filter((row) => row.clients === clients && row.target === target);
  for (const target of TARGETS) {
    const rps = (which) => median(of(which).map((row) => row.rps));
    table.push({
      clients,
      target,
      'calls/s': Math.round(rps(target)),
      'of hop': (rps(target) / rps('bare hop')).toFixed(3),
      'CPU µs': Math.round(median(of(target).map((row) => sum(row.cpu) + sum(row.serverCpu)))),
      'p50 ms': median(of(target).map((row) => row.p50)),
      'p99 ms': median(of(target).map((row) => row.p99)),
      errors: of(target).reduce((sum, row) => sum + row.errors, 0),
    });
  }
}
console.table(table);
console.log('CPU µs per call, by process:');
const processes = { floor: ['back', 'front'], signalbox: services.map(({ service }) => service) };
for (const [target, names] of Object.entries(processes)) {
  const own = rows.filter((row) => row.target === target);
  const line = (label, of) =>
    console.log(`${String(Math.round(median(own.map(of)))).padStart(6)}  ${target}: ${label}`);
  for (const [index, label] of names.entries()) line(label, ({ cpu }) => cpu[index]);
  for (const [index, label] of Object.keys(SERVERS).entries()) line(label, ({ serverCpu }) => serverCpu[index]);
}
if (options.profile) {
  console.log(`\nTop of the profile of ${options.profile} by self time (idle left out):`);
  for (const { percent, name: what, where } of topOf(join(folder, 'profile')))
    console.log(`${percent.toFixed(1).padStart(5)} %  ${what}  ${where}`);
}
rmSync(folder, { recursive: true, force: true });

async function until(condition) {
  const deadline = Date.now() + 60_000;
  while (!(await condition().catch(() => false))) {
    if (Date.now() > deadline) throw new Error('the tool was not callable within a minute');
    await new Promise((done) => setTimeout(done, 200));
  }
}

/** A virtual host that goes with the run; the given one where the management does not answer. */
async function virtualHost(url) {
  const own = new URL(url);
  const api = `http://${own.hostname}:15672/api/vhosts/${name}`;
  const credentials = Buffer.from(`${own.username || 'guest'}:${own.password || 'guest'}`).toString('base64');
  const authorization = `Basic ${credentials}`;
  const ask = (method) =>
    fetch(api, { method, headers: { authorization }, signal: AbortSignal.timeout(5_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  if (!(await ask('PUT'))) return { url, remove: async () => undefined };
  own.pathname = `/${name}`;
  return { url: own.href, remove: async () => void (await ask('DELETE')) };
}

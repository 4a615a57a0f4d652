#!/usr/bin/env node
// tools/list of 5 servers with 20 tools each: answers per second, latency and CPU, beside a server that answers with a fixed text.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cpuMicros, load, start } from './lib/processes.mjs';
import { topOf } from './lib/profile.mjs';
import { tool } from './lib/tools.mjs';

const { values: options } = parseArgs({
  options: {
    clients: { type: 'string', default: '1,8,32' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    profile: { type: 'boolean', default: false },
    'port-base': { type: 'string', default: '24700' },
  },
});
const SERVERS = 5;
const TOOLS = 20;
const portBase = Number(options['port-base']);
const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'));
const upstreamPort = portBase + 50;
const floorPort = portBase + 51;
const loadgen = tool('loadgen');
const lists = (url, tools) => async () => {
  const args = [
    '-url',
    url,
    '-method',
    'tools/list',
    '-min-tools',
    String(tools),
    '-c',
    '1',
    '-d',
    '0.1',
    '-warmup',
    '0',
  ];
  return (await load(loadgen, args)).errors === 0;
};

const upstream = await start(tool('upstream'), ['-addr', `127.0.0.1:${upstreamPort}`, '-tools', String(TOOLS)], {
  ready: async () => (await fetch(`http://127.0.0.1:${upstreamPort}/health`)).ok,
});
const floorUrl = `http://127.0.0.1:${floorPort}/mcp`;
const floor = await start(
  process.execPath,
  ['bench/baseline/fixed-answer.mjs', String(floorPort), String(SERVERS * TOOLS)],
  {
    ready: lists(floorUrl, SERVERS * TOOLS),
  },
);
const config = join(folder, 'config.json');
const server = (_, index) => [`s${index + 1}`, { url: `http://127.0.0.1:${upstreamPort}/s${index + 1}/mcp` }];
writeFileSync(
  config,
  JSON.stringify({
    mcpServers: Object.fromEntries(Array.from({ length: SERVERS }, server)),
    signalbox: { gateway: { catalogue: { pageSize: 1_000 } } },
  }),
);
const profiling = options.profile ? ['--cpu-prof', '--cpu-prof-dir', join(folder, 'profile')] : [];
const url = `http://127.0.0.1:${portBase}/mcp`;
const signalbox = await start(process.execPath, [...profiling, 'apps/launcher/dist/main.js'], {
  env: { SIGNALBOX_PORT_BASE: String(portBase), SIGNALBOX_DATA: join(folder, 'data'), SIGNALBOX_CONFIG: config },
  ready: lists(url, SERVERS * TOOLS),
});

const targets = [
  { name: 'fixed answer', url: floorUrl, pid: floor.pid },
  { name: 'signalbox', url, pid: signalbox.pid },
];
const counts = options.clients.split(',').map(Number);
const rows = [];
for (let round = 0; round < Number(options.rounds); round++) {
  for (const clients of counts) {
    for (const target of targets) {
      const before = cpuMicros(target.pid);
      const min = ['-min-tools', String(SERVERS * TOOLS)];
      const time = ['-c', String(clients), '-d', options.seconds, '-warmup', '1'];
      const result = await load(loadgen, ['-url', target.url, '-method', 'tools/list', ...min, ...time]);
      const cpu = (cpuMicros(target.pid) - before) / result.all_calls;
      rows.push({ target: target.name, clients, ...result, cpu });
    }
  }
}
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const table = counts.flatMap((clients) =>
  targets.map(({ name }) => {
    const of = (target, key) =>
      median(rows.filter((row) => row.clients === clients && row.target === target).map((row) => row[key]));
    return {
      clients,
      target: name,
      'lists/s': Math.round(of(name, 'rps')),
      'of fixed': (of(name, 'rps') / of('fixed answer', 'rps')).toFixed(2),
      'p50 ms': of(name, 'p50'),
      'p99 ms': of(name, 'p99'),
      'CPU µs/list': Math.round(of(name, 'cpu')),
      errors: rows
        .filter((row) => row.clients === clients && row.target === name)
        .reduce((sum, { errors }) => sum + errors, 0),
    };
  }),
);
console.table(table);
await signalbox.stop();
if (options.profile) {
  console.log('\nTop of the profile by self time (idle left out):');
  for (const { percent, name, where } of topOf(join(folder, 'profile')))
    console.log(`${percent.toFixed(1).padStart(5)} %  ${name}  ${where}`);
}
await Promise.all([floor.stop(), upstream.stop()]);
rmSync(folder, { recursive: true, force: true });

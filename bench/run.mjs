#!/usr/bin/env node
// Calls per second, latency and CPU per call: direct, through a bare hop, and through Signalbox with its log on, in turns.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cpuMicros, load, memoryMiB, start } from './lib/processes.mjs';
import { topOf } from './lib/profile.mjs';
import { tool } from './lib/tools.mjs';

const { values: options } = parseArgs({
  options: {
    clients: { type: 'string', default: '1,8,32' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    /** Bytes that each call takes and brings back. */
    pad: { type: 'string', default: '0' },
    /** The upstream answers with an event stream. */
    sse: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    'port-base': { type: 'string', default: '23400' },
  },
});
const portBase = Number(options['port-base']);
const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'));
const upstreamPort = portBase + 50;
const hopPort = portBase + 51;
const loadgen = tool('loadgen');

const answers = (url) => async () => (await fetch(url)).ok;
const callable = (url, name) => async () =>
  (await load(loadgen, ['-url', url, '-tool', name, '-c', '1', '-d', '0.1', '-warmup', '0'])).errors === 0;
const upstream = await start(tool('upstream'), ['-addr', `127.0.0.1:${upstreamPort}`], {
  ready: answers(`http://127.0.0.1:${upstreamPort}/health`),
});
const direct = `http://127.0.0.1:${upstreamPort}/${options.sse ? 'mcpsse' : 'mcp'}`;
const hop = await start(process.execPath, ['bench/baseline/hop.mjs', String(hopPort), direct], {
  ready: callable(`http://127.0.0.1:${hopPort}/mcp`, 'echo'),
});
const loggingHop = await start(
  process.execPath,
  ['bench/baseline/logging-hop.mjs', String(hopPort + 1), direct, join(folder, 'floor.db')],
  { ready: callable(`http://127.0.0.1:${hopPort + 1}/mcp`, 'echo') },
);
const config = join(folder, 'config.json');
writeFileSync(config, JSON.stringify({ mcpServers: { bench: { url: direct } } }));
const profiling = options.profile ? ['--cpu-prof', '--cpu-prof-dir', join(folder, 'profile')] : [];
const signalboxUrl = `http://127.0.0.1:${portBase}/mcp`;
const signalbox = await start(process.execPath, [...profiling, 'apps/launcher/dist/main.js'], {
  env: { SIGNALBOX_PORT_BASE: String(portBase), SIGNALBOX_DATA: join(folder, 'data'), SIGNALBOX_CONFIG: config },
  ready: callable(signalboxUrl, 'bench__echo'),
});
const atRest = memoryMiB(signalbox.pid);

const targets = [
  { name: 'direct', url: direct, tool: 'echo', pid: upstream.pid },
  { name: 'bare hop', url: `http://127.0.0.1:${hopPort}/mcp`, tool: 'echo', pid: hop.pid },
  { name: 'hop with log', url: `http://127.0.0.1:${hopPort + 1}/mcp`, tool: 'echo', pid: loggingHop.pid },
  { name: 'signalbox', url: signalboxUrl, tool: 'bench__echo', pid: signalbox.pid },
];
const rows = [];
for (let round = 0; round < Number(options.rounds); round++) {
  for (const clients of options.clients.split(',').map(Number)) {
    for (const target of targets) {
      const before = cpuMicros(target.pid);
      const result = await load(loadgen, [
        '-url',
        target.url,
        '-tool',
        target.tool,
        '-c',
        String(clients),
        '-d',
        options.seconds,
        '-warmup',
        '1',
        '-pad',
        options.pad,
      ]);
      const cpu = (cpuMicros(target.pid) - before) / result.all_calls;
      rows.push({ target: target.name, clients, ...result, cpu });
    }
  }
}
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const table = [];
for (const clients of options.clients.split(',').map(Number)) {
  const of = (name, key) =>
    median(rows.filter((row) => row.clients === clients && row.target === name).map((row) => row[key]));
  for (const { name } of targets) {
    table.push({
      clients,
      target: name,
      'calls/s': Math.round(of(name, 'rps')),
      'of hop': (of(name, 'rps') / of('bare hop', 'rps')).toFixed(2),
      'p50 ms': of(name, 'p50'),
      'p99 ms': of(name, 'p99'),
      'CPU µs/call': Math.round(of(name, 'cpu')),
      errors: rows
        .filter((row) => row.clients === clients && row.target === name)
        .reduce((sum, row) => sum + row.errors, 0),
    });
  }
}
console.table(table);
console.log(`memory: ${atRest.toFixed(0)} MiB at rest, ${memoryMiB(signalbox.pid).toFixed(0)} MiB after the load`);
await signalbox.stop();
if (options.profile) {
  console.log('\nTop of the profile by self time (idle left out):');
  for (const { percent, name, where } of topOf(join(folder, 'profile')))
    console.log(`${percent.toFixed(1).padStart(5)} %  ${name}  ${where}`);
}
await Promise.all([hop.stop(), loggingHop.stop(), upstream.stop()]);
rmSync(folder, { recursive: true, force: true });

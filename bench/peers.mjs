#!/usr/bin/env node
// tools/call through other gateways and through Signalbox, in turns, in one run: calls/s, p50, CPU per call, memory.
// A gateway that is not installed is left out and named; --install fetches those that are in a registry.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cpuMicros, load, memoryMiB, start } from './lib/processes.mjs';
import { tool } from './lib/tools.mjs';
import agentgateway from './peers/agentgateway.mjs';
import contextforge from './peers/contextforge.mjs';
import fastmcp from './peers/fastmcp.mjs';
import mcpProxy from './peers/mcp-proxy.mjs';

const { values: options } = parseArgs({
  options: {
    clients: { type: 'string', default: '1,8,32' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    /** Seconds under load before anything is measured. */
    settle: { type: 'string', default: '5' },
    install: { type: 'boolean', default: false },
    folder: { type: 'string', default: join(homedir(), '.cache', 'signalbox-bench', 'peers') },
    /** Part of the names of those that are wanted; all when absent. */
    only: { type: 'string', default: '' },
    'port-base': { type: 'string', default: '23800' },
  },
});
const PEERS = [agentgateway, mcpProxy, fastmcp, contextforge].filter(({ name }) =>
  name.toLowerCase().includes(options.only.toLowerCase()),
);
const portBase = Number(options['port-base']);
const work = mkdtempSync(join(tmpdir(), 'signalbox-peers-'));
const loadgen = tool('loadgen');

if (options.install) {
  mkdirSync(options.folder, { recursive: true });
  for (const peer of PEERS) {
    if (existsSync(join(options.folder, peer.binary))) continue;
    for (const [command, ...args] of peer.install(options.folder)) execFileSync(command, args, { stdio: 'inherit' });
  }
}

const isCalled = (args) => async () =>
  (await load(loadgen, [...args, '-c', '1', '-d', '0.1', '-warmup', '0'])).errors === 0;
// some wrap the content anew: right id and text anywhere in the answer will do
const argumentsFor = ({ url, tool: name, headers = {} }) => [
  ...['-url', url, '-tool', name, '-contains'],
  ...Object.entries(headers).flatMap(([key, value]) => ['-header', `${key}: ${value}`]),
];
const upstreamPort = portBase + 90;
const upstreamUrl = `http://127.0.0.1:${upstreamPort}/mcp`;
const upstream = await start(tool('upstream'), ['-addr', `127.0.0.1:${upstreamPort}`], {
  ready: async () => (await fetch(`http://127.0.0.1:${upstreamPort}/health`)).ok,
});

/** One at a time: what another one does at rest is not in its figures. */
async function measured(name, { command, args, env, cwd, prepare, ...place }) {
  let prepared = prepare === undefined;
  const called = isCalled(argumentsFor(place));
  const process = await start(command, args, {
    env,
    cwd,
    seconds: 120,
    ready: async () => (prepared ||= await prepare()) && (await called()),
  });
  const rows = [];
  try {
    // what runs on a virtual machine is slow in its first seconds
    await load(loadgen, [...argumentsFor(place), '-c', '8', '-d', options.settle, '-warmup', '0']);
    for (const clients of options.clients.split(',')) {
      const before = cpuMicros(process.pid);
      const bounds = ['-c', clients, '-d', options.seconds, '-warmup', '1'];
      const result = await load(loadgen, [...argumentsFor(place), ...bounds]);
      const cpu = (cpuMicros(process.pid) - before) / Math.max(1, result.all_calls);
      rows.push({ name, clients: Number(clients), ...result, cpu, memory: memoryMiB(process.pid) });
    }
  } finally {
    await process.stop();
  }
  return rows;
}

const config = join(work, 'signalbox.json');
writeFileSync(config, JSON.stringify({ mcpServers: { bench: { url: upstreamUrl } } }));
const signalbox = (round) => ({
  command: process.execPath,
  args: ['apps/launcher/dist/main.js'],
  env: { SIGNALBOX_PORT_BASE: String(portBase), SIGNALBOX_DATA: join(work, `data-${round}`), SIGNALBOX_CONFIG: config },
  url: `http://127.0.0.1:${portBase}/mcp`,
  tool: 'bench__echo',
});
const hop = {
  command: process.execPath,
  args: ['bench/baseline/hop.mjs', String(portBase + 80), upstreamUrl],
  url: `http://127.0.0.1:${portBase + 80}/mcp`,
  tool: 'echo',
};
const rows = [];
for (let round = 0; round < Number(options.rounds); round++) {
  rows.push(...(await measured('bare Node hop', hop)));
  rows.push(...(await measured('Signalbox, every call in its log', signalbox(round))));
  for (const [index, peer] of PEERS.entries()) {
    const binary = join(options.folder, peer.binary);
    if (!existsSync(binary)) {
      if (round === 0) console.log(`${peer.name} is left out: there is no ${binary}`);
      continue;
    }
    const folder = join(work, `${index}-${round}`);
    mkdirSync(folder);
    const port = portBase + 10 + index * 10;
    try {
      rows.push(...(await measured(peer.name, peer.start({ binary, folder, port, upstream: upstreamUrl }))));
    } catch (error) {
      // the first line is the whole command, with the token that some want
      const why = error.message.split('\n').slice(-2).join(' ').slice(0, 300);
      console.log(`${peer.name} is left out of round ${round + 1}: ${why}`);
    }
  }
}
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const table = [];
for (const clients of options.clients.split(',').map(Number)) {
  for (const name of new Set(rows.map((row) => row.name))) {
    const of = rows.filter((row) => row.name === name && row.clients === clients);
    const middle = (key) => median(of.map((row) => row[key]));
    table.push({
      clients,
      gateway: name,
      'calls/s': Math.round(middle('rps')),
      'p50 ms': middle('p50'),
      'p99 ms': middle('p99'),
      'CPU µs/call': Math.round(middle('cpu')),
      MiB: Math.round(middle('memory')),
      errors: of.reduce((sum, row) => sum + row.errors, 0),
    });
  }
}
console.table(table);
await upstream.stop();
rmSync(work, { recursive: true, force: true });

#!/usr/bin/env node
// Memory of the whole product, embedded profile: at rest, and with open sessions, each with its general stream.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { memoryMiB, start } from './lib/processes.mjs';

const { values: options } = parseArgs({
  options: { sessions: { type: 'string', default: '1000' }, 'port-base': { type: 'string', default: '23600' } },
});
const portBase = Number(options['port-base']);
const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'));
const config = join(folder, 'config.json');
writeFileSync(config, JSON.stringify({ mcpServers: {} }));
const origin = `http://127.0.0.1:${portBase}`;
const signalbox = await start(process.execPath, ['apps/launcher/dist/main.js'], {
  env: { SIGNALBOX_PORT_BASE: String(portBase), SIGNALBOX_DATA: join(folder, 'data'), SIGNALBOX_CONFIG: config },
  ready: async () => (await fetch(`${origin}/health/ready`)).ok,
});
const floor = await start(process.execPath, ['bench/baseline/empty-services.mjs', String(portBase + 10)], {
  ready: async () => (await fetch(`http://127.0.0.1:${portBase + 14}/`)).status === 404,
});
const pool = new Pool(origin, { connections: null });
const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const initialize = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } },
});
const initialized = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' });

async function open() {
  const answer = await pool.request({ path: '/mcp', method: 'POST', headers, body: initialize });
  const session = answer.headers['mcp-session-id'];
  await answer.body.dump();
  const own = { ...headers, 'mcp-session-id': session };
  await (await pool.request({ path: '/mcp', method: 'POST', headers: own, body: initialized })).body.dump();
  const stream = await pool.request({ path: '/mcp', method: 'GET', headers: own });
  if (stream.statusCode !== 200) throw new Error(`a stream was answered with ${stream.statusCode}`);
  // destroyed with the pool
  stream.body.on('error', () => undefined);
}

await sleep(3_000);
const started = memoryMiB(signalbox.pid);
// after its start a process gives back what only the start needed, when it has nothing to do for a while
await sleep(20_000);
const atRest = memoryMiB(signalbox.pid);
const empty = memoryMiB(floor.pid);
await floor.stop();
const count = Number(options.sessions);
const began = performance.now();
for (let opened = 0; opened < count; opened += 10) await Promise.all(Array.from({ length: 10 }, open));
const seconds = (performance.now() - began) / 1000;
await sleep(3_000);
const loaded = memoryMiB(signalbox.pid);
console.log(
  `3 s after the start ${started.toFixed(0)} MiB; 20 s later ${atRest.toFixed(0)} MiB, five empty Nest applications ${empty.toFixed(0)} MiB`,
);
console.log(`at rest ${atRest.toFixed(0)} MiB; with ${count} sessions and streams ${loaded.toFixed(0)} MiB:`);
console.log(
  `${(((loaded - atRest) * 1024) / count).toFixed(1)} KiB per session, ${(count / seconds).toFixed(0)} opened/s`,
);
await pool.destroy();
await signalbox.stop();
rmSync(folder, { recursive: true, force: true });

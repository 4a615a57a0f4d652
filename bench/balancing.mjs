#!/usr/bin/env node
// How calls to one server are shared out among five instances, for each policy, counted at the instances; and how many keys
// of a consistent hash move when one of the five leaves. Ends with code 1 when a promise of docs/balancing.md is not kept.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { start } from './lib/processes.mjs';

const { values: options } = parseArgs({
  options: {
    calls: { type: 'string', default: '2000' },
    clients: { type: 'string', default: '16' },
    'port-base': { type: 'string', default: '24800' },
  },
});
const COUNT = 5;
const [calls, clients, portBase] = [options.calls, options.clients, options['port-base']].map(Number);
const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'));
const ports = Array.from({ length: COUNT }, (_, n) => portBase + 50 + n);
const runs = join(folder, 'runs');
writeFileSync(runs, '');

const children = ports.map((port) =>
  spawn(process.execPath, ['apps/tool-executor/test/instance-server.mjs', String(port), runs, 'stateless'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  }),
);
await Promise.all(children.map(({ stdout }) => new Promise((resolve) => stdout.once('data', resolve))));

/** Runs Signalbox with one server of these instances while something is done. */
async function running(instances, balancing, act) {
  const config = join(folder, 'config.json');
  const many = { instances, signalbox: { balancing, tools: { slow_read: { class: 'read' } } } };
  writeFileSync(config, JSON.stringify({ mcpServers: { many } }));
  const call = (id, ms) =>
    fetch(`http://127.0.0.1:${portBase}/tools/many__slow_read/call`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ arguments: { id, ms } }),
    });
  const signalbox = await start(process.execPath, ['apps/launcher/dist/main.js'], {
    env: {
      SIGNALBOX_PORT_BASE: String(portBase),
      SIGNALBOX_DATA: mkdtempSync(join(folder, 'data-')),
      SIGNALBOX_CONFIG: config,
    },
    ready: async () => (await call('ready', 0)).ok,
  });
  writeFileSync(runs, '');
  let next = 0;
  let errors = 0;
  const caller = async () => {
    for (let n = next++; n < act.calls; n = next++) {
      const answer = await call(act.id(n), act.ms(n));
      await answer.arrayBuffer();
      if (!answer.ok) errors++;
    }
  };
  await Promise.all(Array.from({ length: clients }, caller));
  await signalbox.stop();
  const lines = readFileSync(runs, 'utf8').trim().split('\n');
  return { errors, ran: lines.map((line) => ({ port: Number(line.split(' ')[0]), id: line.split(' ')[1] })) };
}

const instances = ports.map((port) => ({ url: `http://127.0.0.1:${port}/mcp` }));
const rows = [];
let isKept = true;
const even = { calls, id: (n) => `call-${n}`, ms: (n) => (n * 7) % 20 };
for (const policy of ['round-robin', 'least-connections', 'weighted']) {
  const weights = policy === 'weighted' ? [4, 3, 1, 1, 1] : [1, 1, 1, 1, 1];
  const total = weights.reduce((a, b) => a + b);
  const { ran, errors } = await running(
    instances.map((instance, n) => ({ ...instance, weight: weights[n] })),
    { policy },
    even,
  );
  const shares = ports.map((port, n) => {
    const fair = (ran.length * weights[n]) / total;
    return ran.filter((run) => run.port === port).length / fair;
  });
  const most = Math.max(...shares);
  isKept &&= most <= 1.1 && errors === 0;
  rows.push({ what: policy, measured: most.toFixed(3), promised: '≤ 1.1 × fair share', errors });
}

const byKey = { policy: 'consistent-hash', hashBy: 'argument', argument: 'id' };
const keyed = { calls: 1_000, id: (n) => `key-${n}`, ms: () => 0 };
const places = ({ ran }) => new Map(ran.map(({ id, port }) => [id, port]));
const before = places(await running(instances, byKey, keyed));
const after = places(await running(instances.slice(0, -1), byKey, keyed));
const moved = [...before].filter(([id, port]) => after.get(id) !== port);
const share = moved.length / before.size;
const strays = moved.filter(([, port]) => port !== ports.at(-1)).length;
isKept &&= share <= 1 / COUNT + 0.05 && strays === 0 && before.size === keyed.calls;
rows.push({ what: 'keys moved, 1 of 5 left', measured: share.toFixed(3), promised: '≤ 1/n + 0.05', errors: strays });

console.table(rows);
for (const child of children) child.kill();
rmSync(folder, { recursive: true, force: true });
process.exitCode = isKept ? 0 : 1;

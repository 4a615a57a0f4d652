// Whole calls through the embedded profile: without spans, with all of them sent to a collector, and with OpenTelemetry on and
// nothing sampled; in turns, so that what else the machine does meets all three.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuMicros, load, start } from './processes.mjs';
import { tool } from './tools.mjs';

const PORT_BASE = 23_600;
const otel = (sampleRatio) => ({ adapters: { telemetry: 'otel' }, telemetry: { sampleRatio } });
const KINDS = [
  { name: 'off', signalbox: {} },
  { name: 'otel, all sampled', signalbox: otel(1) },
  { name: 'otel, none sampled', signalbox: otel(0) },
];

/** @param endpoint of a collector @param clients at a time @param seconds of each run @param rounds of each kind */
export async function measureCalls({ endpoint, clients, seconds, rounds }) {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'));
  const loadgen = tool('loadgen');
  const upstreamPort = PORT_BASE + 90;
  const upstream = await start(tool('upstream'), ['-addr', `127.0.0.1:${upstreamPort}`], {
    ready: async () => (await fetch(`http://127.0.0.1:${upstreamPort}/health`)).ok,
  });
  const run = (url, flags) => load(loadgen, ['-url', url, '-tool', 'bench__echo', ...flags]);
  const running = [];
  for (const [index, { name, signalbox }] of KINDS.entries()) {
    const portBase = PORT_BASE + index * 10;
    const url = `http://127.0.0.1:${portBase}/mcp`;
    const config = join(folder, `${index}.json`);
    const mcpServers = { bench: { url: `http://127.0.0.1:${upstreamPort}/mcp` } };
    writeFileSync(config, JSON.stringify({ mcpServers, signalbox }));
    const env = {
      SIGNALBOX_PORT_BASE: String(portBase),
      SIGNALBOX_DATA: join(folder, `data-${index}`),
      SIGNALBOX_CONFIG: config,
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    };
    const ready = async () => (await run(url, ['-c', '1', '-d', '0.1', '-warmup', '0'])).errors === 0;
    const child = await start(process.execPath, ['apps/launcher/dist/main.js'], { env, ready });
    running.push({ name, url, child, rates: [], cpu: [], errors: 0 });
  }
  for (let round = 0; round < rounds; round++) {
    for (const each of running) {
      const before = cpuMicros(each.child.pid);
      const result = await run(each.url, ['-c', String(clients), '-d', String(seconds), '-warmup', '1']);
      each.rates.push(result.rps);
      each.cpu.push((cpuMicros(each.child.pid) - before) / result.all_calls);
      each.errors += result.errors;
    }
  }
  await Promise.all(running.map(({ child }) => child.stop()));
  await upstream.stop();
  rmSync(folder, { recursive: true, force: true });
  const [off] = running;
  console.table(
    running.map(({ name, rates, cpu, errors }) => ({
      telemetry: name,
      clients,
      'calls/s': Math.round(median(rates)),
      'of off': (median(rates) / median(off.rates)).toFixed(2),
      'CPU µs/call': Math.round(median(cpu)),
      'more CPU µs': Math.round(median(cpu) - median(off.cpu)),
      errors,
    })),
  );
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

// µs of CPU per span, made as on the path of a call: a server span and three children with four attributes each, every
// traceparent read once. With a collector that takes what it is sent, or with --url a real one; 10 000 spans/s, as the
// bound of the queue allows no more than what the collector takes.
// Then whole calls through Signalbox with spans on and off (bench/lib/traced-calls.mjs), for which the load generator of
// bench/run.mjs is needed; --spans 0 leaves the first part out, --rounds 0 the second.
// Run: npm exec -c 'node bench/telemetry.mjs [--spans 200000] [--rounds 3] [--clients 8] [--seconds 4] [--url http://127.0.0.1:4318]'
// (after `npm run build`)
import { IdTelemetry } from '@signalbox/adapter-embedded';
import { OtelTelemetry } from '@signalbox/adapter-otel';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { measureCalls } from './lib/traced-calls.mjs';

const { values } = parseArgs({
  options: {
    spans: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '3' },
    clients: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '4' },
    url: { type: 'string' },
    collector: { type: 'boolean' },
  },
});
const SPANS_PER_CALL = 4;

if (values.collector) {
  const server = createServer((request, response) => request.resume().on('end', () => response.end('{}')));
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
  process.on('disconnect', () => process.exit());
} else {
  const collector = values.url ? undefined : fork(import.meta.filename, ['--collector']);
  const endpoint = values.url ?? `http://127.0.0.1:${(await once(collector, 'message'))[0]}`;
  const { clients, seconds, rounds } = values;
  if (Number(values.spans) > 0) await measureSpans(Number(values.spans), endpoint);
  if (Number(rounds) > 0) {
    await measureCalls({ endpoint, clients: Number(clients), seconds: Number(seconds), rounds: Number(rounds) });
  }
  collector?.disconnect();
}

async function measureSpans(spans, endpoint) {
  const rows = [
    ['embedded: ids only', new IdTelemetry(), spans, Infinity],
    ['embedded: keeps 1000 traces', new IdTelemetry({ keptTraces: 1000 }), spans, Infinity],
    ['otel: sampled and exported', new OtelTelemetry({ endpoint }), spans / 5, 10_000],
    ['otel: not sampled', new OtelTelemetry({ endpoint, sampleRatio: 0 }), spans, Infinity],
    ['otel: collector away', new OtelTelemetry({ endpoint: 'http://127.0.0.1:1' }), spans / 5, 10_000],
  ];
  for (const [name, telemetry, count, rate] of rows) {
    calls(telemetry, 2_000);
    await sent(telemetry);
    const before = telemetry.counts;
    const cpu = process.cpuUsage();
    for (let done = 0; done < count;) {
      const some = Math.min(rate === Infinity ? 10_000 : rate / 100, count - done);
      calls(telemetry, some / SPANS_PER_CALL);
      done += some;
      await sleep(rate === Infinity ? 0 : 10);
    }
    await sent(telemetry);
    const { user, system } = process.cpuUsage(cpu);
    const { exported = 0, dropped = 0 } = telemetry.counts ?? {};
    const fate = telemetry.counts
      ? `, exported ${exported - before.exported}, dropped ${dropped - before.dropped}`
      : '';
    console.log(`${name.padEnd(30)} ${((user + system) / count).toFixed(2)} µs CPU per span${fate}`);
    await telemetry.close();
  }
}

/** Waits until the collector has what was made, or for two seconds. */
async function sent(telemetry) {
  for (let i = 0; i < 200 && telemetry.counts?.waiting > 0; i++) await sleep(10);
}

function calls(telemetry, count) {
  const gateway = telemetry.tracer('gateway', 'gateway-1');
  const executor = telemetry.tracer('tool-executor', 'tool-executor-1');
  for (let i = 0; i < count; i++) {
    const server = span(gateway, 'tools/call everything__echo', 'server', undefined);
    const publish = span(gateway, 'send execute', 'producer', server.traceparent);
    const process = span(executor, 'process execute', 'consumer', publish.traceparent);
    const upstream = span(executor, 'tools/call echo', 'client', process.traceparent);
    for (const one of [upstream, process, publish, server]) one.end();
  }
}

function span(tracer, name, kind, parent) {
  const made = tracer.startSpan(name, {
    kind,
    parent,
    attributes: {
      'mcp.method.name': 'tools/call',
      'gen_ai.tool.name': 'echo',
      'mcp.session.id': '01KB0123456789ABCDEF',
    },
  });
  made.setAttribute('signalbox.call.id', '01KB0123456789ABCDEF');
  return made;
}

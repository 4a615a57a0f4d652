import { parseTraceparent } from '@signalbox/contracts';
import { telemetryContract } from '@signalbox/port-contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startCollector, type Collector } from '../test/collector.js';
import { OtelTelemetry } from './otel-telemetry.js';

telemetryContract('OtelTelemetry', {
  open: async () => {
    const collector = await startCollector();
    const telemetry = new OtelTelemetry({ endpoint: collector.url, exportDelayMs: 20 });
    const finishedSpans = async (trace: string) => collector.spans.filter(({ traceId }) => traceId === trace);
    return { telemetry, finishedSpans, close: () => collector.close() };
  },
});

describe('OtelTelemetry', () => {
  let collector: Collector;
  const opened: OtelTelemetry[] = [];
  beforeEach(async () => {
    collector = await startCollector();
  });
  afterEach(async () => {
    for (const telemetry of opened.splice(0)) await telemetry.close();
    await collector.close();
  });

  function open(options: Partial<ConstructorParameters<typeof OtelTelemetry>[0]> = {}): OtelTelemetry {
    const telemetry = new OtelTelemetry({
      endpoint: collector.url,
      exportDelayMs: 20,
      closeTimeoutMs: 300,
      ...options,
    });
    opened.push(telemetry);
    return telemetry;
  }
  const spans = (telemetry: OtelTelemetry, count: number) => {
    const tracer = telemetry.tracer('gateway', 'gateway-1');
    for (let i = 0; i < count; i++) tracer.startSpan('work').end();
  };

  it('sends what is left when it closes', async () => {
    const telemetry = open({ exportDelayMs: 60_000, maxExportedSpans: 64 });
    spans(telemetry, 60);
    await telemetry.close();
    expect(collector.spans).toHaveLength(60);
    expect(telemetry.counts).toEqual({ exported: 60, dropped: 0, waiting: 0 });
  });

  it('samples the share of new traces that it is told to, and what callers say', async () => {
    const telemetry = open({ sampleRatio: 0.25 });
    const tracer = telemetry.tracer('gateway', 'gateway-1');
    const made = Array.from({ length: 2000 }, () => tracer.startSpan('work').traceparent);
    const sampled = made.filter((traceparent) => traceparent.endsWith('-01')).length;
    expect(sampled).toBeGreaterThan(400);
    expect(sampled).toBeLessThan(600);
    const parent = made[0]!.slice(0, -2);
    tracer.startSpan('taken', { parent: `${parent}01` }).end();
    tracer.startSpan('left', { parent: `${parent}00` }).end();
    await telemetry.close();
    expect(collector.spans.map(({ name }) => name)).toEqual(['taken']);
  });

  it('bounds what waits, and counts and tells what it drops, while the collector is away', async () => {
    await collector.close();
    const onError = vi.fn();
    const telemetry = open({ maxQueuedSpans: 100, exportTimeoutMs: 200, onError });
    spans(telemetry, 1000);
    expect(telemetry.counts).toEqual({ exported: 0, dropped: 900, waiting: 100 });
    await vi.waitFor(() => expect(telemetry.counts).toEqual({ exported: 0, dropped: 1000, waiting: 0 }));
    expect(onError).toHaveBeenCalledOnce();
  });

  it('goes on when the collector is back', async () => {
    collector.answer = 400;
    const telemetry = open();
    spans(telemetry, 10);
    await vi.waitFor(() => expect(telemetry.counts.dropped).toBe(10));
    collector.answer = 200;
    spans(telemetry, 10);
    await vi.waitFor(() => expect(telemetry.counts.exported).toBe(10));
    expect(collector.spans).toHaveLength(10);
  });

  it.each(['hang', 503] as const)('closes in time when the collector answers %s', async (answer) => {
    collector.answer = answer;
    const telemetry = open({ exportTimeoutMs: 60_000 });
    spans(telemetry, 10);
    const began = performance.now();
    await telemetry.close();
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(telemetry.counts).toEqual({ exported: 0, dropped: 10, waiting: 0 });
  });

  it('does not wait for the collector when spans end', async () => {
    collector.answer = 'hang';
    const telemetry = open({ maxQueuedSpans: 1000 });
    spans(telemetry, 1000);
    const began = performance.now();
    spans(telemetry, 5000);
    // half a millisecond each would be far too much
    expect(performance.now() - began).toBeLessThan(2_500);
  });

  it('tells what is allowed when an option is wrong', () => {
    expect(() => open({ endpoint: 'localhost:4318' })).toThrow(/endpoint is "localhost:4318"; a URL of http/);
    expect(() => open({ sampleRatio: 2 })).toThrow(/sampleRatio is 2; 0 to 1/);
  });

  it('names the instance and the version', async () => {
    const telemetry = open({ version: '1.2.3' });
    const span = telemetry.tracer('registry', 'registry-7').startSpan('x');
    span.end();
    await telemetry.flush();
    expect(collector.spans).toMatchObject([
      { service: 'registry', instanceId: 'registry-7', spanId: parseTraceparent(span.traceparent)!.spanId },
    ]);
  });
});

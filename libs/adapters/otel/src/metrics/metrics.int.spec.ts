import type { MetricFamily, MetricsSource } from '@signalbox/ports';
import { Counter, Histogram, Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startCollector, type Collector, type ReceivedPoint } from '../../test/collector.js';
import { OtelTelemetry } from '../otel-telemetry.js';

// prom-client declares the types of metrics as an enum of numbers; they are texts
const sourceOf =
  (registry: Registry): MetricsSource =>
  async () =>
    (await registry.getMetricsAsJSON()) as unknown as readonly MetricFamily[];

describe('metrics over OTLP', () => {
  let collector: Collector;
  let telemetry: OtelTelemetry | undefined;
  beforeEach(async () => {
    collector = await startCollector();
  });
  afterEach(async () => {
    await telemetry?.close();
    await collector.close();
  });

  const open = (options: Partial<ConstructorParameters<typeof OtelTelemetry>[0]> = {}): OtelTelemetry =>
    (telemetry = new OtelTelemetry({
      endpoint: collector.url,
      metricsIntervalMs: 30,
      exportTimeoutMs: 2_000,
      closeTimeoutMs: 2_000,
      ...options,
    }));
  /** A registry as a service has it. */
  function registryOf(service: string): { registry: Registry; calls: Counter } {
    const registry = new Registry();
    registry.setDefaultLabels({ service, instance: `${service}-1` });
    const calls = new Counter({ name: 'calls_total', help: 'x', labelNames: ['tool'], registers: [registry] });
    return { registry, calls };
  }
  const started = (service: string): Counter => {
    const { registry, calls } = registryOf(service);
    telemetry!.exportMetrics!(service, `${service}-1`, sourceOf(registry));
    return calls;
  };
  const last = (service: string, name: string): ReceivedPoint | undefined =>
    collector.metrics.findLast((point) => point.service === service && point.name === name);

  it('are what the registry has, each service as itself, and are sent again and again', async () => {
    open();
    const calls = started('gateway');
    const others = started('monitor');
    calls.inc({ tool: 'echo' }, 2);
    others.inc({ tool: 'echo' }, 7);
    await vi.waitFor(() => expect(last('gateway', 'calls_total')?.value).toBe(2), { timeout: 10_000 });
    await vi.waitFor(() => expect(last('monitor', 'calls_total')?.value).toBe(7), { timeout: 10_000 });
    calls.inc({ tool: 'echo' });
    await vi.waitFor(() => expect(last('gateway', 'calls_total')?.value).toBe(3), { timeout: 10_000 });
    expect(last('gateway', 'calls_total')).toMatchObject({ type: 'sum', attributes: { tool: 'echo' } });
  });

  it('have histograms as prom-client makes them', async () => {
    open();
    const { registry } = registryOf('gateway');
    const seconds = new Histogram({ name: 't_seconds', help: 'x', buckets: [0.1, 1], registers: [registry] });
    for (const value of [0.05, 0.5, 0.5, 3]) seconds.observe(value);
    telemetry!.exportMetrics!('gateway', 'gateway-1', sourceOf(registry));
    await vi.waitFor(() => expect(last('gateway', 't_seconds')).toBeDefined(), { timeout: 10_000 });
    expect(last('gateway', 't_seconds')).toMatchObject({
      type: 'histogram',
      unit: 's',
      value: { count: 4, sum: 4.05, bounds: [0.1, 1], counts: [1, 2, 1] },
    });
  });

  it('are sent a last time when a service ends, and not after that', async () => {
    open({ metricsIntervalMs: 3_600_000 });
    const { registry, calls } = registryOf('gateway');
    const end = telemetry!.exportMetrics!('gateway', 'gateway-1', sourceOf(registry));
    calls.inc({ tool: 'echo' });
    await end();
    expect(last('gateway', 'calls_total')?.value).toBe(1);
    const sent = collector.metricsRequests;
    await telemetry!.close();
    expect(collector.metricsRequests).toBe(sent);
  });

  it('are given up, with one word, when the collector takes traces only', async () => {
    collector.metricsAnswer = 404;
    const onError = vi.fn();
    open({ onError });
    started('gateway');
    started('monitor');
    await vi.waitFor(() => expect(onError).toHaveBeenCalled(), { timeout: 10_000 });
    // what is sent later shows that the time of many intervals has passed
    for (let i = 0; i < 3; i++) {
      telemetry!.tracer('gateway', 'gateway-1').startSpan('work').end();
      await telemetry!.flush();
    }
    expect(collector.spans).toHaveLength(3);
    await telemetry!.close();
    expect(onError).toHaveBeenCalledOnce();
    expect(String(onError.mock.calls[0]![0])).toMatch('/v1/metrics answers 404');
    // each service may have asked before the first answer was there
    expect(collector.metricsRequests).toBeLessThanOrEqual(2);
  });

  it('are told to be late once each time, and go on when the collector is back', async () => {
    collector.metricsAnswer = 400;
    const onError = vi.fn();
    open({ onError });
    const calls = started('gateway');
    await vi.waitFor(() => expect(collector.metricsRequests).toBeGreaterThan(2), { timeout: 10_000 });
    expect(onError).toHaveBeenCalledOnce();
    collector.metricsAnswer = 200;
    calls.inc({ tool: 'echo' });
    await vi.waitFor(() => expect(last('gateway', 'calls_total')?.value).toBe(1), { timeout: 10_000 });
  });

  it('leave out a time at which they cannot be collected', async () => {
    open();
    const { registry, calls } = registryOf('gateway');
    let failures = 3;
    telemetry!.exportMetrics!('gateway', 'gateway-1', async () => {
      if (failures-- > 0) throw new Error('not now');
      return sourceOf(registry)();
    });
    calls.inc({ tool: 'echo' });
    await vi.waitFor(() => expect(last('gateway', 'calls_total')?.value).toBe(1), { timeout: 10_000 });
  });

  it('stay here when they are switched off', () => {
    expect(open({ metrics: false }).exportMetrics).toBeUndefined();
  });

  it('refuse an interval that is none', () => {
    expect(() => open({ metricsIntervalMs: 0 })).toThrow(/metricsIntervalMs is 0; a number above 0/);
  });
});

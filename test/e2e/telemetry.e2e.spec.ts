import { runSignalbox, toolsOf, waitFor, type RunningSignalbox } from '@signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startCollector, type Collector } from '../../libs/adapters/otel/test/collector.js';
import { everything } from './support/servers.js';

/** The whole product with OpenTelemetry, and a collector that takes what it sends. */
describe('telemetry', () => {
  let collector: Collector;
  let signalbox: RunningSignalbox | undefined;
  beforeEach(async () => {
    collector = await startCollector();
  });
  afterEach(async () => {
    await signalbox?.stop();
    await collector.close();
  });

  async function start(env: Readonly<Record<string, string>> = {}, sampleRatio = 1): Promise<RunningSignalbox> {
    signalbox = await runSignalbox({
      config: {
        mcpServers: { everything },
        signalbox: {
          adapters: { telemetry: 'otel' },
          logging: { level: 'debug' },
          telemetry: { metricsIntervalMs: 1_000, sampleRatio },
        },
      },
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env },
    });
    await toolsOf(signalbox, 'everything');
    return signalbox;
  }
  async function call({ gateway }: RunningSignalbox, headers: Record<string, string> = {}): Promise<string> {
    const response = await fetch(`${gateway}/tools/everything__echo/call`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ arguments: { message: 'heard' } }),
    });
    return ((await response.json()) as { callId: string }).callId;
  }
  /** Lines of the log that are JSON and about this call. */
  const linesOf = ({ output }: RunningSignalbox, callId: string): Record<string, unknown>[] =>
    output()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.includes(callId))
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it('sends the metrics of each service that /metrics shows, and the log names the trace of a call', async () => {
    const running = await start();
    const callId = await call(running);
    const counted = () =>
      collector.metrics.findLast(({ name, service }) => name === 'signalbox_tool_calls_total' && service === 'gateway');
    await waitFor(() => counted() !== undefined, { timeoutMs: 30_000, what: 'the metric at the collector' });
    expect(counted()).toMatchObject({
      type: 'sum',
      value: 1,
      attributes: { server: 'everything', tool: 'echo', result: 'ok' },
    });
    expect(await (await fetch(`${running.gateway}/metrics`)).text()).toContain(
      'signalbox_tool_calls_total{server="everything",tool="echo",result="ok",service="gateway",instance="gateway-1"} 1',
    );
    const senders = () => new Set(collector.metrics.map(({ service }) => service)).size;
    await waitFor(() => senders() === 5, { timeoutMs: 30_000, what: 'metrics of five services' });

    const span = () => collector.spans.find(({ attributes }) => attributes['signalbox.call.id'] === callId);
    await waitFor(() => span() !== undefined, { timeoutMs: 30_000, what: 'the span of the call' });
    await waitFor(() => linesOf(running, callId).length > 0, { what: 'the line of the call' });
    expect(linesOf(running, callId)[0]).toMatchObject({
      level: 'debug',
      service: 'gateway',
      tool: 'echo',
      result: 'ok',
      trace_id: span()!.traceId,
      span_id: span()!.spanId,
    });
  });

  it('sends no metrics when that is switched off, and only the traces that callers ask for when none are sampled', async () => {
    const running = await start({ OTEL_METRICS_EXPORTER: 'none' }, 0);
    const quiet = await call(running);
    const traceId = 'ab'.repeat(16);
    const asked = await call(running, { traceparent: `00-${traceId}-${'cd'.repeat(8)}-01` });
    const names = () => collector.spans.filter((span) => span.traceId === traceId).map(({ name }) => name);
    await waitFor(() => names().includes('POST /tools/:name/call') && names().includes('project calls'), {
      timeoutMs: 30_000,
      what: 'the spans of the call that asked for them',
    });
    expect(collector.spans.filter((span) => span.traceId !== traceId)).toEqual([]);
    const { traceId: ofQuiet } = (await (await fetch(`${running.monitor}/calls/${quiet}`)).json()) as {
      traceId: string;
    };
    await waitFor(() => linesOf(running, asked).length > 0, { what: 'the line of the call' });
    expect(linesOf(running, quiet)[0]).toMatchObject({ trace_id: ofQuiet });
    expect(linesOf(running, asked)[0]).toMatchObject({ trace_id: traceId });
    // what is sent at the end, too
    await running.stop();
    expect(collector.metricsRequests).toBe(0);
  });
});

import { traceIdOf } from '@signalbox/contracts';
import { telemetryContract } from '@signalbox/port-contracts';
import { describe, expect, it } from 'vitest';
import { IdTelemetry } from './id-telemetry.js';

telemetryContract('IdTelemetry', { keepsSpans: false, open: async () => ({ telemetry: new IdTelemetry() }) });

telemetryContract('IdTelemetry that keeps traces', {
  open: async () => {
    const telemetry = new IdTelemetry({ keptTraces: 100 });
    return { telemetry, finishedSpans: async (traceId) => telemetry.spansOf(traceId) };
  },
});

describe('IdTelemetry', () => {
  it('keeps nothing unless asked to', () => {
    const telemetry = new IdTelemetry();
    const span = telemetry.tracer('gateway', 'gateway-1').startSpan('x');
    span.end();
    expect(telemetry.spansOf(traceIdOf(span.traceparent)!)).toEqual([]);
  });

  it('keeps the newest traces, and the first spans of each', () => {
    const telemetry = new IdTelemetry({ keptTraces: 2, keptSpansPerTrace: 3 });
    const tracer = telemetry.tracer('gateway', 'gateway-1');
    const traces = Array.from({ length: 3 }, () => {
      const root = tracer.startSpan('root');
      for (const name of ['a', 'b', 'c']) tracer.startSpan(name, { parent: root.traceparent }).end();
      root.end();
      return traceIdOf(root.traceparent)!;
    });
    expect(traces.map((trace) => telemetry.spansOf(trace).map(({ name }) => name))).toEqual([
      [],
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ]);
  });
});

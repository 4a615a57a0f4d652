import { parseTraceparent } from '@signalbox/contracts';
import { describeWithServers } from '@signalbox/testing';
import { expect, it, vi } from 'vitest';
import { OtelTelemetry } from './otel-telemetry.js';

interface JaegerTrace {
  readonly spans: readonly {
    readonly operationName: string;
    readonly processID: string;
    readonly spanID: string;
    readonly references: readonly { readonly refType: string; readonly spanID: string }[];
    readonly tags: readonly { readonly key: string; readonly value: unknown }[];
  }[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

const SERVICES = ['gateway', 'tool-executor', 'resource-service', 'registry', 'monitor'];

describeWithServers(
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'JAEGER_QUERY_URL'],
  'OtelTelemetry and Jaeger',
  (endpoint, jaeger) => {
    it('shows five services of one process in one trace', async () => {
      const telemetry = new OtelTelemetry({ endpoint: endpoint! });
      let parent: string | undefined;
      const spans = SERVICES.map((service) => {
        const span = telemetry
          .tracer(service, `${service}-1`)
          .startSpan(`work of ${service}`, { kind: 'server', parent, attributes: { 'mcp.method.name': 'tools/call' } });
        parent = span.traceparent;
        return span;
      });
      spans[4]!.fail('broken');
      for (const span of spans.toReversed()) span.end();
      await telemetry.close();
      expect(telemetry.counts).toEqual({ exported: 5, dropped: 0, waiting: 0 });

      const { traceId } = parseTraceparent(parent)!;
      const trace = await vi.waitFor(
        async () => {
          const response = await fetch(`${jaeger}/api/traces/${traceId}`);
          const { data } = (await response.json()) as { data: JaegerTrace[] };
          expect(data[0]?.spans).toHaveLength(5);
          return data[0]!;
        },
        { timeout: 15_000, interval: 100 },
      );
      const ids = spans.map(({ traceparent }) => parseTraceparent(traceparent)!.spanId);
      const shown = ids.map((id) => trace.spans.find(({ spanID }) => spanID === id)!);
      expect(shown.map(({ processID }) => trace.processes[processID]!.serviceName)).toEqual(SERVICES);
      expect(shown.map(({ references }) => references[0]?.spanID)).toEqual([undefined, ...ids.slice(0, 4)]);
      expect(shown[4]!.tags).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ key: 'mcp.method.name', value: 'tools/call' }),
          expect.objectContaining({ key: 'error', value: true }),
          expect.objectContaining({ key: 'span.kind', value: 'server' }),
        ]),
      );
    });
  },
);

import type { AttributeValue, FinishedSpan, SpanKind } from '@signalbox/ports';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

type Value = { stringValue?: string; boolValue?: boolean; intValue?: number | string; doubleValue?: number };
interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes?: { key: string; value: Value }[];
  status?: { code?: number; message?: string };
}
interface OtlpRequest {
  resourceSpans: {
    resource: { attributes: { key: string; value: Value }[] };
    scopeSpans: { spans: OtlpSpan[] }[];
  }[];
}

const KINDS: SpanKind[] = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'];

/** One value of a metric. */
export interface ReceivedPoint {
  readonly service: string;
  readonly name: string;
  readonly unit: string;
  readonly type: 'sum' | 'gauge' | 'histogram';
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** The value, or of a histogram its parts. */
  readonly value: number | { count: number; sum: number; bounds: number[]; counts: number[] };
}

export interface Collector {
  readonly url: string;
  /** What it took. */
  readonly spans: FinishedSpan[];
  readonly metrics: ReceivedPoint[];
  /** The status that it answers; `hang` for no answer at all. */
  answer: number | 'hang';
  /** The status for metrics, when that is another one. */
  metricsAnswer: number | undefined;
  /** How often metrics were sent to it. */
  metricsRequests: number;
  close(): Promise<void>;
}

/** A collector that takes OTLP as JSON (https://opentelemetry.io/docs/specs/otlp/) and keeps what it took. */
export async function startCollector(): Promise<Collector> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const forMetrics = request.url === '/v1/metrics';
      if (forMetrics) collector.metricsRequests++;
      const answer = (forMetrics ? collector.metricsAnswer : undefined) ?? collector.answer;
      if (answer === 'hang') return;
      if (answer === 200 && request.url === '/v1/traces') collector.spans.push(...spansOf(body));
      if (answer === 200 && forMetrics) collector.metrics.push(...pointsOf(body));
      response.writeHead(answer, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const collector: Collector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: [],
    metrics: [],
    answer: 200,
    metricsAnswer: undefined,
    metricsRequests: 0,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return collector;
}

function spansOf(body: string): FinishedSpan[] {
  return (JSON.parse(body) as OtlpRequest).resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const about = attributesOf(resource.attributes);
    return scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        service: String(about['service.name']),
        instanceId: String(about['service.instance.id']),
        name: span.name,
        kind: KINDS[span.kind]!,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId || undefined,
        startTime: Number(span.startTimeUnixNano) / 1e6,
        duration: (Number(span.endTimeUnixNano) - Number(span.startTimeUnixNano)) / 1e6,
        attributes: attributesOf(span.attributes ?? []),
        failure: span.status?.code === 2 ? (span.status.message ?? '') : undefined,
      })),
    );
  });
}

function attributesOf(list: { key: string; value: Value }[]): Record<string, AttributeValue> {
  return Object.fromEntries(
    list.map(({ key, value: { stringValue, boolValue, intValue, doubleValue } }) => [
      key,
      stringValue ?? boolValue ?? doubleValue ?? Number(intValue),
    ]),
  );
}

interface OtlpPoint {
  attributes?: { key: string; value: Value }[];
  asDouble?: number;
  asInt?: number | string;
  count?: number | string;
  sum?: number;
  explicitBounds?: number[];
  bucketCounts?: (number | string)[];
}
type OtlpMetric = { name: string; unit?: string } & Partial<
  Record<'sum' | 'gauge' | 'histogram', { dataPoints: OtlpPoint[] }>
>;
interface OtlpMetricsRequest {
  resourceMetrics: {
    resource: { attributes: { key: string; value: Value }[] };
    scopeMetrics: { metrics: OtlpMetric[] }[];
  }[];
}

function pointsOf(body: string): ReceivedPoint[] {
  return (JSON.parse(body) as OtlpMetricsRequest).resourceMetrics.flatMap(({ resource, scopeMetrics }) => {
    const service = String(attributesOf(resource.attributes)['service.name']);
    return scopeMetrics.flatMap(({ metrics }) =>
      metrics.flatMap((metric) => {
        const type = (['sum', 'gauge', 'histogram'] as const).find((each) => metric[each] !== undefined)!;
        return metric[type]!.dataPoints.map((point) => ({
          service,
          name: metric.name,
          unit: metric.unit ?? '',
          type,
          attributes: attributesOf(point.attributes ?? []),
          value: valueOf(point),
        }));
      }),
    );
  });
}

function valueOf({ asDouble, asInt, count, sum, explicitBounds, bucketCounts }: OtlpPoint): ReceivedPoint['value'] {
  if (bucketCounts === undefined) return asDouble ?? Number(asInt);
  return { count: Number(count), sum: sum ?? NaN, bounds: explicitBounds ?? [], counts: bucketCounts.map(Number) };
}

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

export interface Collector {
  readonly url: string;
  /** What it took. */
  readonly spans: FinishedSpan[];
  /** The status that it answers; `hang` for no answer at all. */
  answer: number | 'hang';
  close(): Promise<void>;
}

/** A collector that takes OTLP as JSON (https://opentelemetry.io/docs/specs/otlp/) and keeps what it took. */
export async function startCollector(): Promise<Collector> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      if (collector.answer === 'hang') return;
      if (collector.answer === 200 && request.url === '/v1/traces') collector.spans.push(...spansOf(body));
      response.writeHead(collector.answer, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const collector: Collector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: [],
    answer: 200,
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

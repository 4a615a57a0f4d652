import type { Span, Tracer } from '@signalbox/ports';
import type { IncomingMessage } from 'node:http';

/**
 * The client span of a request that is passed on, by OpenTelemetry's conventions for HTTP.
 * @param request with the traceparent of its own span, when it has one
 * @returns undefined when nobody would see it
 */
export function startProxySpan(tracer: Tracer, request: IncomingMessage, host: string, port: number): Span | undefined {
  const parent = request.headers['traceparent'];
  if (typeof parent !== 'string' || !tracer.records(parent)) return undefined;
  const { method = 'GET' } = request;
  return tracer.startSpan(method, {
    kind: 'client',
    parent,
    attributes: { 'http.request.method': method, 'server.address': host, 'server.port': port },
  });
}

/** Ends it with the status of the answer, or with what kept it from having one. */
export function endProxySpan(span: Span | undefined, outcome: number | Error): void {
  if (!span) return;
  if (typeof outcome === 'number') {
    span.setAttribute('http.response.status_code', outcome);
    if (outcome >= 400) {
      span.setAttribute('error.type', String(outcome));
      span.fail(`status ${outcome}`);
    }
  } else {
    span.setAttribute('error.type', outcome.name);
    span.fail(outcome.message);
  }
  span.end();
}

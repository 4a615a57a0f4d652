import { traceFields } from '@signalbox/contracts';
import type { Span, Tracer } from '@signalbox/ports';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';

/** What watches over a service, and is asked every few seconds: spans of it would only hide the others. */
const UNTRACED = new Set(['/health/live', '/health/ready', '/metrics']);
const MAX_TEXT = 256;

/** What makes spans of the requests of a service, and at level `debug` a line in the log of each. */
export interface HttpTracing {
  readonly tracer: Tracer;
  readonly logger?: Logger | undefined;
}

/**
 * The server span of a request, by OpenTelemetry's conventions for HTTP, from now until its answer is sent or broken off. The
 * header `traceparent` of the request becomes the span's, so that whatever the request leads to goes on from there.
 * @param route as it was declared: `/services/:name`; undefined when there is none
 */
export function traceRequest(
  { tracer, logger }: HttpTracing,
  request: IncomingMessage,
  response: ServerResponse,
  route: string | undefined,
): void {
  if (route !== undefined && UNTRACED.has(route)) return;
  const header = request.headers['traceparent'];
  const parent = typeof header === 'string' ? header : undefined;
  const logs = logger?.isLevelEnabled('debug') === true;
  if (!logs && !tracer.records(parent)) return;
  const { method = 'GET' } = request;
  const name = route === undefined ? method : `${method} ${route}`;
  const span = tracer.startSpan(name, { kind: 'server', parent, attributes: attributesOf(request, method, route) });
  request.headers['traceparent'] = span.traceparent;
  const began = performance.now();
  response.once('close', () => {
    endWith(span, response);
    if (!logs) return;
    const { statusCode: status } = response;
    const durationMs = Math.round(performance.now() - began);
    logger?.debug({ ...traceFields(span.traceparent), route, status, durationMs }, `${method} ${pathOf(request)}`);
  });
}

function attributesOf(request: IncomingMessage, method: string, route: string | undefined) {
  const { headers, httpVersion, socket } = request;
  const agent = headers['user-agent'];
  return {
    'http.request.method': method,
    ...(route === undefined ? {} : { 'http.route': route }),
    'url.scheme': 'http',
    'url.path': pathOf(request),
    'network.protocol.version': httpVersion,
    ...(socket.localPort === undefined ? {} : { 'server.port': socket.localPort }),
    ...(agent === undefined ? {} : { 'user_agent.original': agent.slice(0, MAX_TEXT) }),
  };
}

function endWith(span: Span, response: ServerResponse): void {
  if (response.headersSent) {
    span.setAttribute('http.response.status_code', response.statusCode);
    if (response.statusCode >= 500) {
      span.setAttribute('error.type', String(response.statusCode));
      span.fail(response.statusMessage);
    }
  } else {
    span.setAttribute('error.type', 'disconnected');
    span.fail('the client was gone before there was an answer');
  }
  span.end();
}

/** Without the query, which may hold what nobody else should see. */
function pathOf({ url = '/' }: IncomingMessage): string {
  const end = url.indexOf('?');
  return (end < 0 ? url : url.slice(0, end)).slice(0, MAX_TEXT);
}

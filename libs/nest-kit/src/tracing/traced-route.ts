import type { RawRoute } from '../raw-server.js';
import type { ServiceContext } from '../service-context.js';
import { traceRequest, type HttpTracing } from './http-span.js';

/** What makes spans of the requests of a service. */
export function httpTracingOf({ ports, service, instanceId, logger }: ServiceContext): HttpTracing {
  return { tracer: ports.telemetry.tracer(service, instanceId), logger };
}

/** A raw route for one path whose requests are spans, as those of controllers are. */
export function tracedRoute(context: ServiceContext, path: string, route: RawRoute): RawRoute {
  const tracing = httpTracingOf(context);
  return (request, response) => {
    const { url = '/' } = request;
    if (url === path || url.startsWith(`${path}?`)) traceRequest(tracing, request, response, path);
    return route(request, response);
  };
}

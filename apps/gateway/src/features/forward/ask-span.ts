import { parseTraceparent } from '@signalbox/contracts';
import type { Span, Tracer } from '@signalbox/ports';

interface Traced {
  readonly _meta?: { readonly traceparent?: unknown } | null;
}

export interface AskedQuestion {
  readonly params: object | undefined;
  /** Undefined when nobody would see it. */
  readonly span: Span | undefined;
}

/**
 * The client span of a question that a server asks the client, by OpenTelemetry's conventions for MCP: below the server's own
 * span, when it names one in `_meta`, else below the request in which it asks. The client is told of the span in `_meta`; without
 * one, the question goes on as it came.
 * @param parent `traceparent` of the request in which the server asks
 */
export function startAskSpan(
  tracer: Tracer,
  method: string,
  params: object | undefined,
  parent: string,
): AskedQuestion {
  const meta = (params as Traced | undefined)?._meta;
  const own = meta?.traceparent;
  const above = typeof own === 'string' && parseTraceparent(own) ? own : parent;
  if (!tracer.records(above)) return { params, span: undefined };
  const span = tracer.startSpan(method, {
    kind: 'client',
    parent: above,
    attributes: { 'mcp.method.name': method, 'network.transport': 'tcp' },
  });
  return { params: { ...params, _meta: { ...meta, traceparent: span.traceparent } }, span };
}

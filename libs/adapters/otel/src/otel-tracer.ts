import {
  ROOT_CONTEXT,
  SpanKind as SdkSpanKind,
  trace,
  type Context,
  type Tracer as SdkTracer,
} from '@opentelemetry/api';
import { parseTraceparent } from '@signalbox/contracts';
import type { Span, SpanKind, SpanOptions, Tracer } from '@signalbox/ports';
import { OtelSpan } from './otel-span.js';

const KINDS: Readonly<Record<SpanKind, SdkSpanKind>> = {
  internal: SdkSpanKind.INTERNAL,
  server: SdkSpanKind.SERVER,
  client: SdkSpanKind.CLIENT,
  producer: SdkSpanKind.PRODUCER,
  consumer: SdkSpanKind.CONSUMER,
};

/** The tracer of one service. Parents are given, never taken from a global context. */
export class OtelTracer implements Tracer {
  constructor(private readonly tracer: SdkTracer) {}

  startSpan(name: string, options: SpanOptions = {}): Span {
    const { kind = 'internal', attributes } = options;
    return new OtelSpan(
      this.tracer.startSpan(name, { kind: KINDS[kind], ...(attributes && { attributes }) }, contextOf(options.parent)),
    );
  }
}

function contextOf(traceparent: string | undefined): Context {
  const parent = parseTraceparent(traceparent);
  if (!parent) return ROOT_CONTEXT;
  const { traceId, spanId, flags: traceFlags } = parent;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

import { newTraceId, newSpanId } from './random-ids.js';

/** W3C Trace Context, version 00 (https://www.w3.org/TR/trace-context/); ids of zeros only are invalid there. */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Where the span id begins, and the dash before the flags. */
const SPAN_AT = 36;
const FLAGS_AT = 52;

/** A `traceparent` for a new trace, sampled. */
export function newTraceparent(): string {
  return `00-${newTraceId()}-${newSpanId()}-01`;
}

/** The same trace with a new span id; a new trace when `parent` is absent or malformed. */
export function childTraceparent(parent: string | undefined): string {
  if (parent === undefined || !TRACEPARENT.test(parent)) return newTraceparent();
  return `${parent.slice(0, SPAN_AT)}${newSpanId()}${parent.slice(FLAGS_AT)}`;
}

export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  /** Bit 0: sampled. */
  readonly flags: number;
}

/** What `traceparent` says; undefined when it is absent or malformed. */
export function parseTraceparent(traceparent: string | undefined): TraceContext | undefined {
  const match = traceparent === undefined ? null : TRACEPARENT.exec(traceparent);
  return match ? { traceId: match[1]!, spanId: match[2]!, flags: parseInt(match[3]!, 16) } : undefined;
}

/**
 * What a log line says of the trace that it belongs to, by the names that OpenTelemetry gives these fields in JSON; empty when
 * `traceparent` is absent or malformed.
 */
export function traceFields(traceparent: string | undefined): {
  readonly trace_id?: string;
  readonly span_id?: string;
} {
  const context = parseTraceparent(traceparent);
  return context ? { trace_id: context.traceId, span_id: context.spanId } : {};
}

/** The 32 hex digits of the trace id, or undefined when `traceparent` is absent or malformed. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  return traceparent === undefined ? undefined : TRACEPARENT.exec(traceparent)?.[1];
}

import type { Span } from '@signalbox/ports';

/** Marks a span as failed, with `error.type` as OpenTelemetry's conventions have it. */
export function failSpan(span: Span, error: unknown): void {
  const isError = error instanceof Error;
  span.setAttribute('error.type', isError ? error.name : '_OTHER');
  span.fail(isError ? error.message : String(error));
}

import { SpanStatusCode, TraceFlags, type Span as SdkSpan } from '@opentelemetry/api';
import type { AttributeValue, Span } from '@signalbox/ports';
import { spanClock } from './span-clock.js';

/** A span of the SDK, as the port has it. */
export class OtelSpan implements Span {
  private text: string | undefined;

  constructor(private readonly span: SdkSpan) {}

  get traceparent(): string {
    if (this.text !== undefined) return this.text;
    const { traceId, spanId, traceFlags } = this.span.spanContext();
    return (this.text = `00-${traceId}-${spanId}-${(traceFlags & TraceFlags.SAMPLED) === 0 ? '00' : '01'}`);
  }

  setAttribute(name: string, value: AttributeValue): void {
    // the SDK writes a warning about a span that has ended
    if (this.span.isRecording()) this.span.setAttribute(name, value);
  }

  fail(message: string): void {
    if (this.span.isRecording()) this.span.setStatus({ code: SpanStatusCode.ERROR, message });
  }

  end(): void {
    if (this.span.isRecording()) this.span.end(spanClock.now());
  }
}

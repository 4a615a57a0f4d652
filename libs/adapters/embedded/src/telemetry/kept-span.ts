import { childTraceparent, parseTraceparent } from '@signalbox/contracts';
import type { AttributeValue, FinishedSpan, Span, SpanOptions } from '@signalbox/ports';

export interface SpanOrigin {
  readonly service: string;
  readonly instanceId: string;
}

const MAX_ATTRIBUTES = 64;
const MAX_TEXT = 1024;

/** A span that is kept when it ends. */
export class KeptSpan implements Span {
  readonly traceparent: string;
  private readonly startTime = performance.timeOrigin + performance.now();
  private readonly attributes: Record<string, AttributeValue> = {};
  private failure: string | undefined;
  private ended = false;

  constructor(
    private readonly origin: SpanOrigin,
    private readonly name: string,
    private readonly options: SpanOptions,
    private readonly keep: (span: FinishedSpan) => void,
  ) {
    this.traceparent = childTraceparent(options.parent);
    for (const [key, value] of Object.entries(options.attributes ?? {})) this.setAttribute(key, value);
  }

  setAttribute(name: string, value: AttributeValue): void {
    if (this.ended) return;
    if (!Object.hasOwn(this.attributes, name) && Object.keys(this.attributes).length >= MAX_ATTRIBUTES) return;
    this.attributes[name] = typeof value === 'string' ? value.slice(0, MAX_TEXT) : value;
  }

  fail(message: string): void {
    if (!this.ended) this.failure = message.slice(0, MAX_TEXT);
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    const { traceId, spanId } = parseTraceparent(this.traceparent)!;
    this.keep({
      ...this.origin,
      name: this.name,
      kind: this.options.kind ?? 'internal',
      traceId,
      spanId,
      parentSpanId: parseTraceparent(this.options.parent)?.spanId,
      startTime: this.startTime,
      duration: performance.timeOrigin + performance.now() - this.startTime,
      attributes: this.attributes,
      failure: this.failure,
    });
  }
}

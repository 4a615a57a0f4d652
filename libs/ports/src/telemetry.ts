/**
 * Traces (OpenTelemetry's model, without its API in our code). Spans are made by hand on hot paths: automatic
 * instrumentation costs four times the request itself (STACK.md). There is no current span: whoever starts one passes on
 * its `traceparent`, as header, in `_meta`, with the message, with the commit.
 *
 * Contract, proven by `telemetryContract` of `@signalbox/port-contracts`:
 * - `traceparent` of a span is a valid W3C one, in the trace of its parent when that is valid, in a new one otherwise.
 *   A parent that is not sampled has spans that are not sampled.
 * - What is set after `end` is ignored; ending twice changes nothing.
 * - Nothing here ever throws, waits or slows down because a collector is away; spans that cannot be sent are dropped.
 * - After `close` spans still have valid traceparents, and go nowhere.
 * - `records` is false only when a span with that parent would go nowhere; asking costs next to nothing.
 */
export interface Telemetry {
  /** The tracer of one service: five services of one process show as five. */
  tracer(service: string, instanceId: string): Tracer;
  /**
   * Sends the metrics of one service from time to time. Absent when they go nowhere.
   * @param source is asked each time, never twice at a time; when it rejects that time is left out
   * @returns what sends them a last time and ends it; never rejects
   */
  exportMetrics?(service: string, instanceId: string, source: MetricsSource): () => Promise<void>;
  /** Sends what is left, at most for 5 s. Never rejects. */
  close(): Promise<void>;
}

export interface Tracer {
  /** @param name of few different values, as in the semantic conventions: `tools/call`, `process execute` */
  startSpan(name: string, options?: SpanOptions): Span;
  /**
   * Whether a span with this parent, or without one, may be kept or sent. When it is not, whoever needs no traceparent of its
   * own starts none, and passes on the parent's.
   */
  records(parent?: string): boolean;
}

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';
export type AttributeValue = string | number | boolean;

export interface SpanOptions {
  /** Default `internal`. */
  readonly kind?: SpanKind;
  /** `traceparent` of the caller. */
  readonly parent?: string | undefined;
  /** Need not be made where nothing {@link Tracer.records} the span. */
  readonly attributes?: Readonly<Record<string, AttributeValue>> | undefined;
}

export interface Span {
  /** What goes to the next hop. */
  readonly traceparent: string;
  /** Replaces the value that it had. */
  setAttribute(name: string, value: AttributeValue): void;
  /** Marks it as failed; the message says why. */
  fail(message: string): void;
  end(): void;
}

/** A span as it was when it ended. */
export interface FinishedSpan {
  readonly service: string;
  readonly instanceId: string;
  readonly name: string;
  readonly kind: SpanKind;
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Undefined when the trace begins here. */
  readonly parentSpanId: string | undefined;
  /** Milliseconds since the epoch. */
  readonly startTime: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** Why it failed; undefined when it did not. */
  readonly failure: string | undefined;
}

/** Asks for the present value of every metric, as `getMetricsAsJSON` of a prom-client registry answers. */
export type MetricsSource = () => Promise<readonly MetricFamily[]>;

/** All values of one metric, by the naming and the units of Prometheus. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly values: readonly MetricSample[];
}

/** Of a histogram there are, for each set of labels, `…_bucket` (cumulative, label `le`), `…_sum` and `…_count`. */
export interface MetricSample {
  readonly value: number;
  readonly metricName?: string | undefined;
  readonly labels: Readonly<Record<string, string | number | undefined>>;
}

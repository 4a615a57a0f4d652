import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type Span,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import type { ResolvedOtelOptions } from './options.js';

/** What became of the spans that were to be sent. */
export interface SpanCounts {
  readonly exported: number;
  /** No room was left, or the collector did not take them. */
  readonly dropped: number;
  /** Waiting for their export, or for its answer. */
  readonly waiting: number;
}

/** ExportResultCode.SUCCESS of `@opentelemetry/core`. */
const SUCCESS = 0;

/**
 * One queue and one connection for the spans of all services of a process: each span carries the resource of its own.
 * Counts what the batch processor does not tell.
 */
export class SpanPipeline implements SpanProcessor, SpanExporter {
  private readonly exporter: OTLPTraceExporter;
  private readonly batches: BatchSpanProcessor;
  private exported = 0;
  private dropped = 0;
  private waiting = 0;
  private failing = false;
  private closed = false;
  private ended = false;

  constructor(private readonly options: ResolvedOtelOptions) {
    const { endpoint, headers, exportTimeoutMs } = options;
    this.exporter = new OTLPTraceExporter({
      url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
      headers: { ...headers },
      timeoutMillis: exportTimeoutMs,
      concurrencyLimit: 4,
    });
    this.batches = new BatchSpanProcessor({
      exporter: this,
      maxQueueSize: options.maxQueuedSpans,
      maxExportBatchSize: Math.min(options.maxExportedSpans, options.maxQueuedSpans),
      scheduledDelayMillis: options.exportDelayMs,
      // the exporter keeps its own time-out; this one would only hide what became of the spans
      exportTimeoutMillis: exportTimeoutMs * 2,
    });
  }

  get counts(): SpanCounts {
    const { exported, dropped, waiting } = this;
    return { exported, dropped, waiting };
  }

  onStart(_span: Span): void {}

  onEnd(span: ReadableSpan): void {
    if (this.closed) return;
    if (this.waiting >= this.options.maxQueuedSpans) {
      this.dropped++;
      return;
    }
    this.waiting++;
    this.batches.onEnd(span);
  }

  export(spans: ReadableSpan[], done: Parameters<SpanExporter['export']>[1]): void {
    this.exporter.export(spans, (result) => {
      // what comes after the end has been counted as dropped
      if (this.ended) return done(result);
      this.waiting -= spans.length;
      if (result.code === SUCCESS) {
        this.exported += spans.length;
        this.failing = false;
      } else {
        this.dropped += spans.length;
        if (!this.failing) this.options.onError(result.error, `spans to ${this.options.endpoint}`);
        this.failing = true;
      }
      done(result);
    });
  }

  forceFlush(): Promise<void> {
    return this.batches.forceFlush();
  }

  /** Sends what is left, as far as that is taken in time. */
  async shutdown(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.options.closeTimeoutMs);
    });
    // the processor's own shutdown ends the exporter, which is this one's to end
    await Promise.race([this.batches.forceFlush().catch(() => undefined), late]);
    clearTimeout(timer);
    this.ended = true;
    this.dropped += this.waiting;
    this.waiting = 0;
    await Promise.race([
      this.exporter.shutdown().catch(() => undefined),
      new Promise((resolve) => setImmediate(resolve)),
    ]);
  }
}

import {
  AlwaysOnSampler,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { MetricsSource, Telemetry, Tracer } from '@signalbox/ports';
import { MetricsPipeline } from './metrics/metrics-pipeline.js';
import { resolveOtelOptions, type OtelTelemetryOptions, type ResolvedOtelOptions } from './options.js';
import { OtelTracer } from './otel-tracer.js';
import { resourceOf } from './resource.js';
import { SpanPipeline, type SpanCounts } from './span-pipeline.js';

const MAX_ATTRIBUTES = 64;
const MAX_TEXT = 1024;

/**
 * Spans and metrics sent to an OpenTelemetry collector as OTLP over HTTP. Neither the global tracer provider nor a context manager
 * is used, so several of these live in one process.
 */
export class OtelTelemetry implements Telemetry {
  private readonly options: ResolvedOtelOptions;
  private readonly pipeline: SpanPipeline;
  private readonly tracers = new Map<string, Tracer>();
  private readonly sampler: ParentBasedSampler;
  private readonly metrics: MetricsPipeline | undefined;
  readonly exportMetrics?: (service: string, instanceId: string, source: MetricsSource) => () => Promise<void>;

  /** Connects when it first sends. @throws RangeError for a wrong option */
  constructor(options: OtelTelemetryOptions) {
    this.options = resolveOtelOptions(options);
    const { sampleRatio } = this.options;
    const root = sampleRatio === 1 ? new AlwaysOnSampler() : new TraceIdRatioBasedSampler(sampleRatio);
    this.sampler = new ParentBasedSampler({ root });
    this.pipeline = new SpanPipeline(this.options);
    if (!this.options.metrics) return;
    const metrics = (this.metrics = new MetricsPipeline(this.options));
    this.exportMetrics = (service, instanceId, source) => metrics.add(service, instanceId, source);
  }

  /** Since the start, of all services. */
  get counts(): SpanCounts {
    return this.pipeline.counts;
  }

  /** A provider of its own for each service, because that is what names a service to the collector. */
  tracer(service: string, instanceId: string): Tracer {
    const key = JSON.stringify([service, instanceId]);
    let tracer = this.tracers.get(key);
    if (!tracer) this.tracers.set(key, (tracer = this.newTracer(service, instanceId)));
    return tracer;
  }

  /** Sends what waits now. Never rejects. */
  async flush(): Promise<void> {
    await this.pipeline.forceFlush().catch(() => undefined);
  }

  async close(): Promise<void> {
    await Promise.all([this.pipeline.shutdown(), this.metrics?.shutdown()]);
  }

  private newTracer(service: string, instanceId: string): Tracer {
    const { version } = this.options;
    const provider = new TracerProvider({
      resource: resourceOf(service, instanceId, version),
      sampler: this.sampler,
      spanProcessors: [this.pipeline],
      spanLimits: { attributeCountLimit: MAX_ATTRIBUTES, attributeValueLengthLimit: MAX_TEXT },
    });
    return new OtelTracer(provider.getTracer('signalbox', version), this.options.sampleRatio > 0);
  }
}

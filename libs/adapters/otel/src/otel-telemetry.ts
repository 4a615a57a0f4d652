import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Telemetry, Tracer } from '@signalbox/ports';
import { resolveOtelOptions, type OtelTelemetryOptions, type ResolvedOtelOptions } from './options.js';
import { OtelTracer } from './otel-tracer.js';
import { SpanPipeline, type SpanCounts } from './span-pipeline.js';

const NAMESPACE = 'signalbox';
const MAX_ATTRIBUTES = 64;
const MAX_TEXT = 1024;

/**
 * Spans sent to an OpenTelemetry collector as OTLP over HTTP. Neither the global tracer provider nor a context manager
 * is used, so several of these live in one process.
 */
export class OtelTelemetry implements Telemetry {
  private readonly options: ResolvedOtelOptions;
  private readonly pipeline: SpanPipeline;
  private readonly tracers = new Map<string, Tracer>();
  private readonly sampler: ParentBasedSampler;

  /** Connects when it first sends. @throws RangeError for a wrong option */
  constructor(options: OtelTelemetryOptions) {
    this.options = resolveOtelOptions(options);
    const { sampleRatio } = this.options;
    const root = sampleRatio === 1 ? new AlwaysOnSampler() : new TraceIdRatioBasedSampler(sampleRatio);
    this.sampler = new ParentBasedSampler({ root });
    this.pipeline = new SpanPipeline(this.options);
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

  close(): Promise<void> {
    return this.pipeline.shutdown();
  }

  private newTracer(service: string, instanceId: string): Tracer {
    const { version } = this.options;
    const provider = new TracerProvider({
      resource: resourceFromAttributes({
        'service.name': service,
        'service.namespace': NAMESPACE,
        'service.instance.id': instanceId,
        ...(version && { 'service.version': version }),
      }),
      sampler: this.sampler,
      spanProcessors: [this.pipeline],
      spanLimits: { attributeCountLimit: MAX_ATTRIBUTES, attributeValueLengthLimit: MAX_TEXT },
    });
    return new OtelTracer(provider.getTracer('signalbox', version));
  }
}

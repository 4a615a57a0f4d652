import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import type { PushMetricExporter, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { ResolvedOtelOptions } from '../options.js';

/** ExportResultCode.SUCCESS of `@opentelemetry/core`. */
const SUCCESS = 0;
/** What a collector answers that takes traces only, as Jaeger does. */
const NOT_TAKEN = new Set([404, 405, 501]);

/** Sends metrics, and stops asking a collector that takes none. Readers share it, so it outlives their ends. */
export class MetricsExporter implements PushMetricExporter {
  private readonly url: string;
  private readonly exporter: OTLPMetricExporter;
  private failing = false;
  private refused = false;

  constructor(private readonly options: ResolvedOtelOptions) {
    const { endpoint, headers, exportTimeoutMs } = options;
    this.url = `${endpoint.replace(/\/+$/, '')}/v1/metrics`;
    this.exporter = new OTLPMetricExporter({
      url: this.url,
      headers: { ...headers },
      timeoutMillis: exportTimeoutMs,
      concurrencyLimit: 8,
    });
  }

  export(metrics: ResourceMetrics, done: Parameters<PushMetricExporter['export']>[1]): void {
    if (this.refused) return done({ code: SUCCESS });
    this.exporter.export(metrics, (result) => {
      if (result.code === SUCCESS) this.failing = false;
      else this.failed(result.error);
      done(result);
    });
  }

  forceFlush(): Promise<void> {
    return this.exporter.forceFlush();
  }

  /** Of one reader. */
  async shutdown(): Promise<void> {}

  async close(): Promise<void> {
    await this.exporter.shutdown().catch(() => undefined);
  }

  private failed(error: Error | undefined): void {
    const where = `metrics to ${this.options.endpoint}`;
    const code = (error as { readonly code?: unknown } | undefined)?.code;
    if (typeof code === 'number' && NOT_TAKEN.has(code)) {
      if (this.refused) return;
      this.refused = true;
      const message = `${this.url} answers ${code}: this collector takes no metrics, so none are sent to it. OTEL_METRICS_EXPORTER=none says so beforehand`;
      return this.options.onError(new Error(message), where);
    }
    if (!this.failing) this.options.onError(error, where);
    this.failing = true;
  }
}

import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { MetricsSource } from '@signalbox/ports';
import type { ResolvedOtelOptions } from '../options.js';
import { resourceOf } from '../resource.js';
import { MetricsExporter } from './metrics-exporter.js';
import { RegistryProducer } from './registry-producer.js';

/** Sends the metrics of all services of a process over one connection, each with the resource of its own. */
export class MetricsPipeline {
  private readonly exporter: MetricsExporter;
  /** What ends the metrics of each service, once. */
  private readonly ends = new Set<() => Promise<void>>();

  constructor(private readonly options: ResolvedOtelOptions) {
    this.exporter = new MetricsExporter(options);
  }

  /** @returns what sends them a last time and ends it */
  add(service: string, instanceId: string, source: MetricsSource): () => Promise<void> {
    const { metricsIntervalMs, exportTimeoutMs, version, closeTimeoutMs } = this.options;
    const resource = resourceOf(service, instanceId, version);
    const producer = new RegistryProducer(source, resource, { service, instance: instanceId });
    const reader = new PeriodicExportingMetricReader({
      exporter: this.exporter,
      metricProducers: [producer],
      exportIntervalMillis: metricsIntervalMs,
      exportTimeoutMillis: Math.min(exportTimeoutMs, metricsIntervalMs),
    });
    const provider = new MeterProvider({ resource, readers: [reader] });
    let ended: Promise<void> | undefined;
    const end = (): Promise<void> =>
      (ended ??= provider
        .shutdown({ timeoutMillis: closeTimeoutMs })
        .catch(() => undefined)
        .finally(() => this.ends.delete(end)));
    this.ends.add(end);
    return end;
  }

  async shutdown(): Promise<void> {
    await Promise.all([...this.ends].map((end) => end()));
    await this.exporter.close();
  }
}

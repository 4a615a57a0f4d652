import type { HrTime } from '@opentelemetry/api';
import type { CollectionResult, MetricProducer } from '@opentelemetry/sdk-metrics';
import type { Resource } from '@opentelemetry/resources';
import type { MetricsSource } from '@signalbox/ports';
import { metricDataOf, type OwnLabels } from './metric-data.js';

const SCOPE = { name: 'signalbox' };

/** Lets a reader of the SDK read a registry of Prometheus metrics. */
export class RegistryProducer implements MetricProducer {
  private readonly startTime = now();

  constructor(
    private readonly source: MetricsSource,
    private readonly resource: Resource,
    private readonly own: OwnLabels,
  ) {}

  async collect(): Promise<CollectionResult> {
    const { startTime, resource, own } = this;
    try {
      const families = await this.source();
      const interval = { startTime, endTime: now() };
      const metrics = families.flatMap((family) => metricDataOf(family, interval, own));
      return { resourceMetrics: { resource, scopeMetrics: [{ scope: SCOPE, metrics }] }, errors: [] };
    } catch (error) {
      return { resourceMetrics: { resource, scopeMetrics: [] }, errors: [error] };
    }
  }
}

function now(): HrTime {
  const ms = Date.now();
  return [Math.floor(ms / 1000), (ms % 1000) * 1e6];
}

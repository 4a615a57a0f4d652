import type { Histogram } from '@opentelemetry/sdk-metrics';
import type { MetricFamily, MetricSample } from '@signalbox/ports';

export interface LabelledHistogram {
  readonly labels: MetricSample['labels'];
  readonly value: Histogram;
}

interface Parts {
  readonly labels: MetricSample['labels'];
  /** Upper bound → how many values were not above it. */
  readonly cumulative: Map<number, number>;
  sum: number;
  count: number;
}

/** The histograms of a metric, one for each set of labels: Prometheus counts up to each bound, OTLP between two of them. */
export function histogramsOf({ name, values }: MetricFamily): LabelledHistogram[] {
  const found = new Map<string, Parts>();
  for (const { labels: all, metricName, value } of values) {
    const { le, ...labels } = all;
    const key = JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    let parts = found.get(key);
    if (!parts) found.set(key, (parts = { labels, cumulative: new Map(), sum: 0, count: 0 }));
    if (metricName === `${name}_sum`) parts.sum = value;
    else if (metricName === `${name}_count`) parts.count = value;
    else if (le !== undefined && le !== '+Inf') parts.cumulative.set(Number(le), value);
  }
  return [...found.values()].map(({ labels, cumulative, sum, count }) => {
    const bounds = [...cumulative].toSorted(([a], [b]) => a - b);
    const upTo = [...bounds.map(([, reached]) => reached), count];
    const counts = upTo.map((reached, index) => reached - (upTo[index - 1] ?? 0));
    return { labels, value: { buckets: { boundaries: bounds.map(([bound]) => bound), counts }, sum, count } };
  });
}

import { ValueType, type Attributes, type HrTime } from '@opentelemetry/api';
import { AggregationTemporality, DataPointType, type DataPoint, type MetricData } from '@opentelemetry/sdk-metrics';
import type { MetricFamily, MetricSample } from '@signalbox/ports';
import { histogramsOf } from './histograms.js';

/** When the counting began, and when it was looked at. */
export interface Interval {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

/** Labels that say who sends; these stand in the resource. */
export type OwnLabels = Readonly<Record<string, string>>;

const UNITS: readonly (readonly [suffix: RegExp, unit: string])[] = [
  [/_seconds(_total)?$/, 's'],
  [/_bytes(_total)?$/, 'By'],
  [/_ratio$/, '1'],
];

/**
 * A metric of Prometheus as OTLP has it, under its own name
 * (https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/). Values that are no numbers are left out.
 */
export function metricDataOf(family: MetricFamily, interval: Interval, own: OwnLabels): MetricData[] {
  const { name, type, values } = family;
  const point = <T>(labels: MetricSample['labels'], value: T): DataPoint<T> => ({
    ...interval,
    attributes: attributesOf(labels, own),
    value,
  });
  const points = (samples: readonly MetricSample[]): DataPoint<number>[] =>
    samples.filter(({ value }) => Number.isFinite(value)).map(({ labels, value }) => point(labels, value));
  const sum = (as: string, samples: readonly MetricSample[]): MetricData => ({
    ...common(family, as),
    dataPointType: DataPointType.SUM,
    isMonotonic: true,
    dataPoints: points(samples),
  });
  const gauge = (samples: readonly MetricSample[]): MetricData => ({
    ...common(family, name),
    dataPointType: DataPointType.GAUGE,
    dataPoints: points(samples),
  });
  const all: MetricData[] = [];
  if (type === 'counter') all.push(sum(name, values));
  else if (type === 'gauge') all.push(gauge(values));
  else if (type === 'histogram') {
    const dataPoints = histogramsOf(family).map(({ labels, value }) => point(labels, value));
    all.push({ ...common(family, name), dataPointType: DataPointType.HISTOGRAM, dataPoints });
  } else {
    // OTLP has summaries for such metrics only, and the SDK has none
    const named = (suffix: string) => values.filter(({ metricName }) => metricName === name + suffix);
    all.push(gauge(values.filter(({ labels }) => 'quantile' in labels)));
    for (const suffix of ['_sum', '_count']) all.push(sum(name + suffix, named(suffix)));
  }
  return all.filter(({ dataPoints }) => dataPoints.length > 0);
}

function common({ help, name: family }: MetricFamily, name: string) {
  const unit = UNITS.find(([suffix]) => suffix.test(family))?.[1] ?? '';
  return {
    descriptor: { name, description: help, unit, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
}

function attributesOf(labels: MetricSample['labels'], own: OwnLabels): Attributes {
  const attributes: Attributes = {};
  for (const [key, value] of Object.entries(labels)) {
    if (value !== undefined && own[key] !== value && key !== '') attributes[key] = value;
  }
  return attributes;
}

import { DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';
import type { MetricFamily } from '@signalbox/ports';
import { describe, expect, it } from 'vitest';
import { metricDataOf } from './metric-data.js';

const interval = { startTime: [1, 0], endTime: [2, 0] } as { startTime: [number, number]; endTime: [number, number] };
const convert = (family: Omit<MetricFamily, 'help'>): MetricData[] =>
  metricDataOf({ help: 'says what it is', ...family }, interval, { service: 'gateway', instance: 'gateway-1' });

describe('metricDataOf', () => {
  it('makes a counter a monotonic sum, without the labels that say who sends', () => {
    const labels = { tool: 'echo', service: 'gateway', instance: 'gateway-1' };
    const [metric, ...others] = convert({ name: 'calls_total', type: 'counter', values: [{ value: 3, labels }] });
    expect(others).toEqual([]);
    expect(metric).toMatchObject({
      descriptor: { name: 'calls_total', description: 'says what it is', unit: '' },
      dataPointType: DataPointType.SUM,
      isMonotonic: true,
      dataPoints: [{ ...interval, value: 3, attributes: { tool: 'echo' } }],
    });
    expect(metric!.dataPoints[0]!.attributes).toEqual({ tool: 'echo' });
  });

  it('keeps a label named like those that says something else', () => {
    const [metric] = convert({ name: 'up', type: 'gauge', values: [{ value: 1, labels: { service: 'other' } }] });
    expect(metric!.dataPoints[0]!.attributes).toEqual({ service: 'other' });
  });

  it('says the unit that a name ends in, and leaves out what is no number', () => {
    const values = [NaN, null as unknown as number, 2].map((value) => ({ value, labels: {} }));
    expect(convert({ name: 'lag_seconds', type: 'gauge', values })).toMatchObject([
      { descriptor: { unit: 's' }, dataPointType: DataPointType.GAUGE, dataPoints: [{ value: 2 }] },
    ]);
    expect(convert({ name: 'heap_bytes', type: 'gauge', values: values.slice(0, 2) })).toEqual([]);
  });

  it('counts a histogram between its bounds, for each set of labels', () => {
    const of = (tool: string, [one, two, count, sum]: number[]) => [
      { metricName: 't_seconds_bucket', value: one!, labels: { le: 1, tool } },
      { metricName: 't_seconds_bucket', value: two!, labels: { le: 2, tool } },
      { metricName: 't_seconds_bucket', value: count!, labels: { le: '+Inf', tool } },
      { metricName: 't_seconds_sum', value: sum!, labels: { tool } },
      { metricName: 't_seconds_count', value: count!, labels: { tool } },
    ];
    const values = [...of('a', [1, 3, 4, 9.5]), ...of('b', [0, 0, 2, 20])];
    const [metric] = convert({ name: 't_seconds', type: 'histogram', values });
    expect(metric!.dataPointType).toBe(DataPointType.HISTOGRAM);
    expect(metric!.dataPoints.map(({ attributes, value }) => [attributes, value])).toEqual([
      [{ tool: 'a' }, { buckets: { boundaries: [1, 2], counts: [1, 2, 1] }, sum: 9.5, count: 4 }],
      [{ tool: 'b' }, { buckets: { boundaries: [1, 2], counts: [0, 0, 2] }, sum: 20, count: 2 }],
    ]);
  });

  it('splits a summary, which the SDK does not have', () => {
    const values = [
      { value: 5, labels: { quantile: 0.5 } },
      { metricName: 's_sum', value: 50, labels: {} },
      { metricName: 's_count', value: 10, labels: {} },
    ];
    const found = convert({ name: 's', type: 'summary', values });
    expect(found.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints[0]!.value])).toEqual([
      ['s', 5],
      ['s_sum', 50],
      ['s_count', 10],
    ]);
  });
});

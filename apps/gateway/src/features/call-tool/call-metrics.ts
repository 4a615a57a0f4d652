import { Injectable } from '@nestjs/common';
import { InjectMetrics } from '@signalbox/nest-kit';
import { Counter, Histogram, type Registry } from 'prom-client';

export type CallResult = 'ok' | 'tool_error' | 'error' | 'unavailable' | 'expired' | 'cancelled';

interface ToolMetrics {
  readonly seconds: { observe(value: number): void };
  readonly results: Map<CallResult, { inc(): void }>;
}

const MAX_TOOLS = 5_000;

/** Counts and times tool calls. Label sets are looked up once per tool, not once per call. */
@Injectable()
export class CallMetrics {
  readonly #calls: Counter;
  readonly #seconds: Histogram;
  readonly #tools = new Map<string, ToolMetrics>();

  constructor(@InjectMetrics() registry: Registry) {
    this.#calls = new Counter({
      name: 'signalbox_tool_calls_total',
      help: 'Tool calls by how they ended',
      labelNames: ['server', 'tool', 'result'],
      registers: [registry],
    });
    this.#seconds = new Histogram({
      name: 'signalbox_tool_call_duration_seconds',
      help: 'Time from the request to its answer',
      labelNames: ['server', 'tool'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30, 60],
      registers: [registry],
    });
  }

  record(server: string, tool: string, result: CallResult, durationMs: number): void {
    const metrics = this.#of(server, tool);
    metrics.seconds.observe(durationMs / 1000);
    let counter = metrics.results.get(result);
    if (!counter) metrics.results.set(result, (counter = this.#calls.labels({ server, tool, result })));
    counter.inc();
  }

  #of(server: string, tool: string): ToolMetrics {
    const key = `${server}\0${tool}`;
    const known = this.#tools.get(key);
    if (known) return known;
    if (this.#tools.size >= MAX_TOOLS && tool !== 'other') return this.#of('other', 'other');
    const metrics: ToolMetrics = { seconds: this.#seconds.labels({ server, tool }), results: new Map() };
    this.#tools.set(key, metrics);
    return metrics;
  }
}

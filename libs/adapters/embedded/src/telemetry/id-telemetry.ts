import type { FinishedSpan, SpanOptions, Telemetry, Tracer } from '@signalbox/ports';
import { IdSpan } from './id-span.js';
import { KeptSpan } from './kept-span.js';
import { RecentTraces } from './recent-traces.js';

export interface IdTelemetryOptions {
  /** Traces of which finished spans are kept, for a view of them; default 0: none, and spans cost next to nothing. */
  readonly keptTraces?: number;
  /** Spans kept of one trace, the first to end; default 100. */
  readonly keptSpansPerTrace?: number;
}

/** Traces without a collector: traceparents go from hop to hop and into the log, spans go nowhere. */
export class IdTelemetry implements Telemetry {
  private recent: RecentTraces | undefined;

  constructor({ keptTraces = 0, keptSpansPerTrace = 100 }: IdTelemetryOptions = {}) {
    if (keptTraces > 0) this.recent = new RecentTraces(keptTraces, keptSpansPerTrace);
  }

  tracer(service: string, instanceId: string): Tracer {
    if (!this.recent) return { startSpan: (_name, options) => new IdSpan(options?.parent), records: () => false };
    const origin = { service, instanceId };
    const keep = (span: FinishedSpan): void => this.recent?.add(span);
    const startSpan = (name: string, options: SpanOptions = {}) => new KeptSpan(origin, name, options, keep);
    return { startSpan, records: () => this.recent !== undefined };
  }

  /** The kept spans of a trace, in the order in which they ended. */
  spansOf(traceId: string): readonly FinishedSpan[] {
    return this.recent?.of(traceId) ?? [];
  }

  async close(): Promise<void> {
    this.recent = undefined;
  }
}

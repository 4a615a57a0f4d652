import type { FinishedSpan } from '@signalbox/ports';

/** The spans of the newest traces, bounded in traces and in spans of each. */
export class RecentTraces {
  private readonly traces = new Map<string, FinishedSpan[]>();

  constructor(
    private readonly maxTraces: number,
    private readonly maxSpansPerTrace: number,
  ) {}

  add(span: FinishedSpan): void {
    const spans = this.traces.get(span.traceId);
    if (spans) {
      if (spans.length < this.maxSpansPerTrace) spans.push(span);
      return;
    }
    if (this.traces.size >= this.maxTraces) this.traces.delete(this.traces.keys().next().value!);
    this.traces.set(span.traceId, [span]);
  }

  /** In the order in which they ended. */
  of(traceId: string): readonly FinishedSpan[] {
    return [...(this.traces.get(traceId) ?? [])];
  }
}

import { traceIdOf } from '@signalbox/contracts';
import type { Commit, Span, Tracer } from '@signalbox/ports';
import { RUNTIME_LIMITS } from '../limits.js';

/**
 * A span of each trace that has something in a batch of commits which a projection applies. They begin together and end
 * together, as the batch does; the parent is the first commit of the trace in it.
 * Commits of long ago, as in a rebuild, belong to traces that are over: they have none.
 */
export function startApplySpans(tracer: Tracer | undefined, projection: string, commits: readonly Commit[]): Span[] {
  if (tracer === undefined) return [];
  const { maxAgeMs, maxTraces } = RUNTIME_LIMITS.trace;
  const oldest = Date.now() - maxAgeMs;
  const spans = new Map<string, Span>();
  for (const { traceparent: parent, time, stream, correlationId } of commits) {
    if (parent === undefined || spans.size >= maxTraces || !tracer.records(parent)) continue;
    const trace = traceIdOf(parent);
    if (trace === undefined || spans.has(trace) || Date.parse(time) < oldest) continue;
    const attributes = {
      'signalbox.projection': projection,
      'signalbox.stream': stream,
      'signalbox.correlation.id': correlationId,
      'signalbox.batch.commits': commits.length,
    };
    spans.set(trace, tracer.startSpan(`project ${projection}`, { parent, attributes }));
  }
  return [...spans.values()];
}

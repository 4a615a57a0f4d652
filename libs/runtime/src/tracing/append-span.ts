import type { EventStore, Span, Tracer } from '@signalbox/ports';
import type { LogAppendRequest } from '../event-log.js';

/**
 * The client span of one append, by OpenTelemetry's conventions for databases. It lasts until the commit is stored, with the
 * wait for the group commit that it shares.
 * @returns undefined when nobody would see it
 */
export function startAppendSpan(
  tracer: Tracer | undefined,
  store: EventStore,
  { stream, events, metadata: { traceparent: parent } }: LogAppendRequest,
): Span | undefined {
  // without a parent it would be a trace of its own, of one span
  if (tracer === undefined || parent === undefined || !tracer.records(parent)) return undefined;
  const summary = `append ${categoryOf(stream)}`;
  return tracer.startSpan(summary, {
    kind: 'client',
    parent,
    attributes: {
      'db.operation.name': 'append',
      'db.query.summary': summary,
      'db.collection.name': 'commits',
      'signalbox.stream': stream,
      'signalbox.event.types': events.map(({ type }) => type).join(' '),
      ...(store.system === undefined ? {} : { 'db.system.name': store.system }),
    },
  });
}

/** `call` of `call-gateway-1-01K…`: few of them, as names of spans have to be. */
function categoryOf(stream: string): string {
  const end = stream.indexOf('-');
  return end > 0 ? stream.slice(0, end) : 'stream';
}

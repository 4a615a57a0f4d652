import type { RecordedEvent } from '@signalbox/contracts';
import type { MessageBus, Span, Tracer } from '@signalbox/ports';

/** The exchange that events are published to. */
const DESTINATION = 'mcp-events';

/**
 * The producer span of one event on its way to the bus, by OpenTelemetry's conventions for messaging. It lasts until the bus
 * has confirmed it.
 * @returns undefined when nobody would see it
 */
export function startPublishSpan(
  tracer: Tracer | undefined,
  bus: MessageBus,
  { id, type, correlationId, traceparent: parent }: RecordedEvent,
): Span | undefined {
  if (tracer === undefined || parent === undefined || !tracer.records(parent)) return undefined;
  return tracer.startSpan(`send ${DESTINATION}`, {
    kind: 'producer',
    parent,
    attributes: {
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': DESTINATION,
      'messaging.message.id': id,
      'messaging.message.conversation_id': correlationId,
      'signalbox.event.type': type,
      ...(bus.system === undefined ? {} : { 'messaging.system': bus.system }),
      ...(bus.system === 'rabbitmq' ? { 'messaging.rabbitmq.destination.routing_key': type } : {}),
    },
  });
}

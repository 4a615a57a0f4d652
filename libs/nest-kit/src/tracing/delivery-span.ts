import type { Delivery, MessageBus, Span, Tracer } from '@signalbox/ports';

/**
 * The consumer span of a message, by OpenTelemetry's conventions for messaging.
 * @returns undefined when nobody would see it, or the message has no trace
 */
export function startDeliverySpan(tracer: Tracer, bus: MessageBus, delivery: Delivery): Span | undefined {
  const { traceparent: parent, queue } = delivery;
  if (parent === undefined || !tracer.records(parent)) return undefined;
  return tracer.startSpan(`process ${queue}`, {
    kind: 'consumer',
    parent,
    attributes: {
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': queue,
      'messaging.message.id': delivery.id,
      'signalbox.delivery.attempt': delivery.attempt,
      ...(delivery.correlationId === undefined ? {} : { 'messaging.message.conversation_id': delivery.correlationId }),
      ...(bus.system === undefined ? {} : { 'messaging.system': bus.system }),
    },
  });
}

/** A delivery as its handler sees it: with the span's place in the trace. */
export function deliveryIn({ traceparent }: Span, delivery: Delivery): Delivery {
  const { id, type, body, correlationId, expiresAt, queue, attempt } = delivery;
  return {
    id,
    type,
    body,
    correlationId,
    traceparent,
    expiresAt,
    queue,
    attempt,
    part: (part) => delivery.part(part),
    reply: (reply) => delivery.reply(reply),
  };
}

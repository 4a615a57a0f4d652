import { executeQueue, type ExecuteCommand } from '@signalbox/contracts';
import type { MessageBus, Span, Tracer } from '@signalbox/ports';

/**
 * The producer span of a command on its way to the executors, by OpenTelemetry's conventions for messaging. It lasts until the
 * reply is there: who sends waits for that, and a command that nobody takes has failed.
 * @returns undefined when nobody would see it
 */
export function startSendSpan(
  tracer: Tracer,
  bus: MessageBus,
  {
    server,
    requestId,
    method,
    traceparent: parent,
  }: Pick<ExecuteCommand, 'server' | 'requestId' | 'method' | 'traceparent'>,
): Span | undefined {
  if (!tracer.records(parent)) return undefined;
  const queue = executeQueue(server);
  return tracer.startSpan(`send ${queue}`, {
    kind: 'producer',
    parent,
    attributes: {
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': queue,
      'messaging.message.id': requestId,
      'messaging.message.conversation_id': requestId,
      'mcp.method.name': method,
      'signalbox.server': server,
      ...(bus.system === undefined ? {} : { 'messaging.system': bus.system }),
    },
  });
}

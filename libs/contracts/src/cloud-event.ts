import * as z from 'zod';
import type { RecordedEvent } from './events/event.js';

/** CloudEvents 1.0 (https://github.com/cloudevents/spec), JSON form, with our extension attributes. */
export const cloudEventSchema = z.object({
  specversion: z.literal('1.0'),
  id: z.string(),
  source: z.string(),
  type: z.string(),
  subject: z.string(),
  time: z.string(),
  datacontenttype: z.literal('application/json'),
  dataschema: z.string(),
  data: z.unknown(),
  partition: z.string(),
  position: z.number().int(),
  index: z.number().int(),
  streamversion: z.number().int(),
  correlationid: z.string(),
  causationid: z.string().optional(),
  traceparent: z.string().optional(),
});
export type CloudEvent = z.infer<typeof cloudEventSchema>;

/** The form an event has on the bus and in the monitor's answers. */
export function toCloudEvent(event: RecordedEvent): CloudEvent {
  return {
    specversion: '1.0',
    id: event.id,
    source: `/signalbox/${event.actor}`,
    type: event.type,
    subject: event.stream,
    time: event.time,
    datacontenttype: 'application/json',
    dataschema: `urn:signalbox:event:${event.type}:${event.schemaVersion}`,
    data: event.data,
    partition: event.partition,
    position: event.position,
    index: event.index,
    streamversion: event.streamVersion,
    correlationid: event.correlationId,
    ...(event.causationId === undefined ? {} : { causationid: event.causationId }),
    ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
  };
}

/** The event behind a CloudEvent that {@link toCloudEvent} made. */
export function fromCloudEvent(cloud: CloudEvent): RecordedEvent {
  return {
    id: cloud.id,
    type: cloud.type,
    schemaVersion: Number(cloud.dataschema.slice(cloud.dataschema.lastIndexOf(':') + 1)),
    data: cloud.data,
    stream: cloud.subject,
    streamVersion: cloud.streamversion,
    partition: cloud.partition,
    position: cloud.position,
    index: cloud.index,
    time: cloud.time,
    actor: cloud.source.replace('/signalbox/', ''),
    correlationId: cloud.correlationid,
    causationId: cloud.causationid,
    traceparent: cloud.traceparent,
  } as unknown as RecordedEvent;
}

import { EVENTS, isEventType, type RecordedEvent } from '@signalbox/contracts';

/**
 * Brings an event's data to the newest version of its schema.
 * An event of an unknown type, or of a version newer than this release knows, is returned as it is stored.
 */
export function upcast(event: RecordedEvent): RecordedEvent {
  if (!isEventType(event.type)) return event;
  const { version, upcasters } = EVENTS[event.type];
  if (event.schemaVersion >= version) return event;
  return {
    ...event,
    schemaVersion: version,
    data: upcastData(event.data, event.schemaVersion, upcasters),
  } as RecordedEvent;
}

/** Applies the upcasters from version `from` on, for as long as there is one. */
export function upcastData(
  data: unknown,
  from: number,
  upcasters: Readonly<Record<number, (data: unknown) => unknown>>,
): unknown {
  let current = data;
  for (let version = from; upcasters[version]; version++) current = upcasters[version]!(current);
  return current;
}

/** True when this release cannot understand the event's data: it was written by a newer one. */
export function isFromNewerRelease(event: RecordedEvent): boolean {
  return isEventType(event.type) && event.schemaVersion > EVENTS[event.type].version;
}

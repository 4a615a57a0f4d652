import { newId } from '../ids.js';
import { EVENTS, type EventData, type EventType } from './catalogue.js';
import type { NewEvent } from './event.js';

/** Makes an event of the newest version of its type. Its data is checked where it is appended, not here. */
export function createEvent<T extends EventType>(type: T, data: EventData<T>): NewEvent<T> {
  return { id: newId(), type, schemaVersion: EVENTS[type].version, data } as unknown as NewEvent<T>;
}

import { EVENTS, isEventType, type NewEvent, type ServiceName } from '@signalbox/contracts';

/** An event that may not enter the log; the message names the type, what is wrong and what is allowed. */
export class EventRejectedError extends Error {
  override readonly name = 'EventRejectedError';
  constructor(
    readonly eventType: string,
    why: string,
  ) {
    super(`event ${eventType} rejected: ${why}`);
  }
}

const MAX_PROBLEMS = 5;

/**
 * Checks one event against the catalogue: known type, newest version, owned by `service`, data as its schema says.
 * @returns the event with the data that the schema accepted: what the schema does not name does not enter the log
 * @throws EventRejectedError
 */
export function checkEvent(event: NewEvent, service: ServiceName): NewEvent {
  const { id, type, schemaVersion, data } = event;
  if (!isEventType(type)) {
    throw new EventRejectedError(String(type), 'unknown type; the known ones are the keys of EVENTS in libs/contracts');
  }
  const definition = EVENTS[type];
  if (!definition.owners.includes(service)) {
    throw new EventRejectedError(type, `${service} does not own it; its owners are ${definition.owners.join(', ')}`);
  }
  if (schemaVersion !== definition.version) {
    throw new EventRejectedError(type, `version ${schemaVersion}; only version ${definition.version} may be appended`);
  }
  if (typeof id !== 'string' || id.length === 0 || id.length > 64) {
    throw new EventRejectedError(type, 'its id must be a string of 1 to 64 characters');
  }
  const parsed = definition.schema.safeParse(data);
  if (!parsed.success) {
    const problems = parsed.error.issues
      .slice(0, MAX_PROBLEMS)
      .map(({ path, message }) => `data${path.map((key) => `.${String(key)}`).join('')}: ${message}`);
    throw new EventRejectedError(type, problems.join('; '));
  }
  return { id, type, schemaVersion, data: parsed.data } as NewEvent;
}

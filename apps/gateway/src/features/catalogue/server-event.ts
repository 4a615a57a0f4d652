import type { EventType, RecordedEvent } from '@signalbox/contracts';

export const SERVER_EVENT_TYPES = [
  'catalogue.changed',
  'server.started',
  'server.failed',
  'server.stopped',
  'server.registered',
  'server.removed',
  'server.commanded',
  'server.tool.classified',
  'server.redirected',
  'server.redirect_ended',
] as const satisfies readonly EventType[];

export type ServerEvent = RecordedEvent<(typeof SERVER_EVENT_TYPES)[number]>;

const TYPES = new Set<string>(SERVER_EVENT_TYPES);

export function isServerEventType(type: string): boolean {
  return TYPES.has(type);
}

export function isServerEvent(event: RecordedEvent): event is ServerEvent {
  return TYPES.has(event.type);
}

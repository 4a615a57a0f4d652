import type * as z from 'zod';
import { callEvents } from './calls.js';
import { clusterEvents } from './cluster.js';
import { configEvents } from './config.js';
import type { EventDefinition } from './define.js';
import { notificationEvents } from './notifications.js';
import { federationEvents } from './federation.js';
import { resourceEvents } from './resources.js';
import { serverEvents } from './servers.js';
import { serviceEvents } from './services.js';
import { sessionEvents } from './sessions.js';
import { taskEvents } from './tasks.js';

const ALL = [
  ...callEvents,
  ...serverEvents,
  ...serviceEvents,
  ...resourceEvents,
  ...sessionEvents,
  ...taskEvents,
  ...configEvents,
  ...clusterEvents,
  ...federationEvents,
  ...notificationEvents,
] as const;
type Definitions = (typeof ALL)[number];

/** Every event type there is. */
export type EventType = Definitions['type'];

/** The data of an event type, in its newest version. */
export type EventData<T extends EventType> = z.infer<Extract<Definitions, { type: T }>['schema']>;

/** Type → schema, version, owners, upcasters. The one place where an event type comes into being. */
export const EVENTS = Object.fromEntries(ALL.map((definition) => [definition.type, definition])) as unknown as {
  readonly [T in EventType]: EventDefinition<T>;
};

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(EVENTS, type);
}

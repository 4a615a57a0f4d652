/** The five services, by the names under which they register, log and own event types. */
export const SERVICE_NAMES = ['gateway', 'registry', 'tool-executor', 'resource-service', 'monitor'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** Offset of each service's port from `SIGNALBOX_PORT_BASE`. */
export const PORT_OFFSETS: Readonly<Record<ServiceName, number>> = {
  gateway: 0,
  registry: 1,
  'tool-executor': 2,
  'resource-service': 3,
  monitor: 4,
};

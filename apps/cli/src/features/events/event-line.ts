import { oneLine } from '../../clean.js';

/** A CloudEvent as the monitor sends it. */
export interface ShownEvent {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** What says most about an event, in this order. */
const TELLING = [
  'server',
  'tool',
  'command',
  'class',
  'state',
  'to',
  'callId',
  'serviceName',
  'instanceId',
  'uri',
  'version',
  'who',
  'why',
  'reason',
  'error',
];
const MAX_VALUE = 60;

/** One event on one line: time, type, and what says most about it. */
export function eventLine({ type, time, data = {} }: ShownEvent): string {
  const told = TELLING.filter((key) => data[key] !== undefined && data[key] !== null).map(
    (key) => `${key}=${oneLine(data[key], MAX_VALUE)}`,
  );
  return [time, type.padEnd(24), told.join(' ')].join('  ').trimEnd();
}

import type { EventData, RecordedEvent } from '@signalbox/contracts';

/** What the log says of a session. Times are milliseconds since the epoch. */
export interface SessionRecord {
  readonly opened: EventData<'session.opened'>;
  /** Version of the stream, to close it only if nobody has written since. */
  readonly version: number;
  readonly closed: boolean;
  readonly logLevel: string | undefined;
  /** Gateway → when it last said that the session is in use. */
  readonly used: ReadonlyMap<string, number>;
}

/** Folds the events of a session's stream, oldest first. @returns undefined when it was never opened */
export function readSessionRecord(events: readonly RecordedEvent[]): SessionRecord | undefined {
  let record: SessionRecord | undefined;
  for (const event of events) {
    const at = Date.parse(event.time);
    const version = event.streamVersion;
    if (event.type === 'session.opened') {
      const used = new Map([[event.data.gateway, at]]);
      record = { opened: event.data, version, closed: false, logLevel: undefined, used };
    } else if (record && event.type === 'session.changed') {
      const { gateway, logLevel = record.logLevel } = event.data;
      record = { ...record, version, logLevel, used: new Map(record.used).set(gateway, at) };
    } else if (record && event.type === 'session.closed') {
      record = { ...record, version, closed: true };
    }
  }
  return record;
}

/** When any gateway last said that the session is in use; only those but `except` when it is named. 0 when none did. */
export function lastUse({ used }: SessionRecord, except?: string): number {
  let last = 0;
  for (const [gateway, at] of used) if (gateway !== except && at > last) last = at;
  return last;
}

import type { EventData, EventType } from './catalogue.js';

interface EventOf<T extends EventType> {
  /** ULID. */
  readonly id: string;
  readonly type: T;
  readonly schemaVersion: number;
  readonly data: EventData<T>;
}

interface Recorded {
  readonly stream: string;
  /** 1 for the first event of a stream. */
  readonly streamVersion: number;
  readonly partition: string;
  /** Position of its commit in the partition, from 1, without gaps. */
  readonly position: number;
  /** Index in its commit, from 0. */
  readonly index: number;
  /** RFC 3339, milliseconds, UTC. */
  readonly time: string;
  /** The service instance that appended it. */
  readonly actor: string;
  readonly correlationId: string;
  readonly causationId?: string | undefined;
  readonly traceparent?: string | undefined;
}

/** An event that has not been appended yet. A union over the types: `event.type === …` narrows `event.data`. */
export type NewEvent<T extends EventType = EventType> = T extends EventType ? EventOf<T> : never;

/** An event as it stands in the log. `data` is in the newest schema version when it was read through the runtime's reader. */
export type RecordedEvent<T extends EventType = EventType> = T extends EventType ? EventOf<T> & Recorded : never;

import { createEvent, type EventData, type EventType, type RecordedEvent } from '@signalbox/contracts';

export type Recording = Partial<Omit<RecordedEvent, 'type' | 'data'>>;

let position = 0;

/**
 * An event as it would be read from the log, alone in its commit.
 * @param recording what matters to the test of where and when it was written; positions rise by themselves
 */
export function recorded<T extends EventType>(
  type: T,
  data: EventData<T>,
  recording: Recording = {},
): RecordedEvent<T> {
  position++;
  return {
    ...createEvent(type, data),
    stream: 'test-stream',
    streamVersion: position,
    partition: 'entity-0',
    position,
    index: 0,
    time: new Date(Date.UTC(2026, 0, 1) + position).toISOString(),
    actor: 'test-1',
    correlationId: 'test-correlation',
    ...recording,
  } as unknown as RecordedEvent<T>;
}

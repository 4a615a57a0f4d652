import { SqliteEventStore } from '@signalbox/adapter-embedded';
import { createEvent, pinnedStream, type NewEvent } from '@signalbox/contracts';
import type { AppendResult, EventStore } from '@signalbox/ports';

export interface TestLog {
  readonly store: EventStore;
  /** Appends one commit of `events` closed sessions to a partition; sessions are numbered from 1 in the partition's order. */
  append(partition?: string, events?: number): Promise<AppendResult>;
  close(): Promise<void>;
}

/** A real event store in memory, with something to put into it. */
export async function openTestLog(): Promise<TestLog> {
  const store = await SqliteEventStore.open(':memory:');
  const counts = new Map<string, number>();
  let commits = 0;
  return {
    store,
    close: () => store.close(),
    append(partition = 'gateway-1', events = 1) {
      const first = counts.get(partition) ?? 0;
      counts.set(partition, first + events);
      return store.append({
        stream: pinnedStream('session', partition, String(++commits)),
        expectedVersion: 0,
        events: Array.from({ length: events }, (_, index) => closed(`${partition}/${first + index + 1}`)),
        commitId: `commit-${commits}`,
        metadata: { actor: 'test-1', correlationId: `correlation-${commits}` },
      });
    },
  };
}

export const closed = (sessionId: string): NewEvent => createEvent('session.closed', { sessionId, reason: 'idle' });

/** The same store with some methods replaced: for failures that a real one does not produce on demand. */
export function withFaults<T extends object>(real: T, faults: Partial<T>): T {
  return new Proxy(real, {
    get(target, key) {
      const value: unknown = Reflect.get(key in faults ? faults : target, key);
      return typeof value === 'function' ? (value.bind(key in faults ? faults : target) as unknown) : value;
    },
  });
}

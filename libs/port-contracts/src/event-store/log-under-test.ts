import { newId, type NewEvent } from '@signalbox/contracts';
import type { AppendRequest, EventStore } from '@signalbox/ports';
import { afterEach, beforeEach } from 'vitest';
import type { EventStoreHarness } from './event-store-contract.js';

/** A log of its own for every test: opened before, closed and removed after. */
export class LogUnderTest {
  place = '';
  private readonly opened: EventStore[] = [];

  constructor(private readonly harness: EventStoreHarness) {
    beforeEach(async () => {
      this.place = await harness.newPlace();
      await this.open();
    });
    afterEach(async () => {
      await Promise.all(this.opened.splice(0).map((store) => store.close()));
      await harness.removePlace?.(this.place);
    });
  }

  /** The store that was opened first. */
  get store(): EventStore {
    return this.opened[0]!;
  }

  /** One more store at the same place. */
  async open(): Promise<EventStore> {
    const store = await this.harness.open(this.place);
    this.opened.push(store);
    return store;
  }

  /** Closes the store and opens it again. */
  async reopen(): Promise<EventStore> {
    await this.opened.shift()!.close();
    this.opened.unshift(await this.harness.open(this.place));
    return this.store;
  }
}

/** The store does not know event types: any type and any JSON will do. */
export function anEvent(type = 'test.happened', data: unknown = { n: 1 }): NewEvent {
  return { id: newId(), type, schemaVersion: 1, data } as unknown as NewEvent;
}

let commits = 0;

/** A request that succeeds on a new stream, with what the test cares about set. */
export function aCommit(request: Partial<AppendRequest> = {}): AppendRequest {
  return {
    stream: 'thing-1',
    expectedVersion: 'any',
    events: [anEvent()],
    commitId: `commit-${commits++}`,
    ...request,
    metadata: request.metadata ?? { actor: 'tester-1', correlationId: 'correlation-1' },
  };
}

/** A stream pinned to a partition. */
export const streamIn = (partition: string, key: string): string => `call-${partition}-${key}`;

/** All commits of a partition, read in pages. */
export async function readAll(store: EventStore, partition: string, page?: number) {
  const commits = [];
  for (;;) {
    const more = await store.readPartition(partition, commits.length, page);
    if (more.length === 0) return commits;
    commits.push(...more);
  }
}

/** What a promise rejects with; fails when it resolves. */
export async function rejectionOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('resolved, though it was to reject');
}

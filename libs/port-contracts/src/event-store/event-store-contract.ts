import type { EventStore } from '@signalbox/ports';
import { describe } from 'vitest';
import { appendContract } from './append-contract.js';
import { chainContract } from './chain-contract.js';
import { claimContract } from './claim-contract.js';
import { concurrencyContract } from './concurrency-contract.js';
import { findContract } from './find-contract.js';
import { lifecycleContract } from './lifecycle-contract.js';
import { readContract } from './read-contract.js';
import { sharedContract } from './shared-contract.js';

export interface EventStoreHarness {
  /** A place for an empty log: a folder, a database's name. */
  newPlace(): Promise<string>;
  /** Opens the log at a place; opening it again finds what is stored there. */
  open(place: string): Promise<EventStore>;
  removePlace?(place: string): Promise<void>;
}

export interface EventStoreCapabilities {
  /** What was stored is found after close and open. */
  readonly persistent: boolean;
  /** Several stores may be open at one place at the same time. */
  readonly shared: boolean;
  /** How late a store may hear of commits of another one, in milliseconds. */
  readonly wakeUpMs: number;
}

/**
 * The contract of {@link EventStore} as tests. An adapter binds it in its own spec file:
 * `eventStoreContract('MyEventStore', harness, capabilities)`.
 */
export function eventStoreContract(
  name: string,
  harness: EventStoreHarness,
  capabilities: EventStoreCapabilities,
): void {
  describe(`${name} as an event store`, () => {
    appendContract(harness);
    concurrencyContract(harness);
    claimContract(harness);
    chainContract(harness);
    readContract(harness);
    findContract(harness);
    lifecycleContract(harness, capabilities);
    if (capabilities.shared) sharedContract(harness, capabilities);
  });
}

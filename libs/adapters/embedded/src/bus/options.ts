import { exponentialBackoff } from '@signalbox/adapter-kit';
import { systemClock, type Clock } from '@signalbox/ports';
import type { DeadLetterStore } from './dead-letters.js';

export interface InProcessBusOptions {
  readonly clock?: Clock;
  /** Where parked messages go; default: {@link MemoryDeadLetters}. */
  readonly deadLetters?: DeadLetterStore;
  /** Milliseconds before attempt `attempt` + 1; default {@link exponentialBackoff}. */
  readonly backoff?: (attempt: number) => number;
  /** How long `publish` waits for room in a full queue, milliseconds; default 5000. */
  readonly publishTimeoutMs?: number;
  /** Publishes that may wait for room in one queue; default 1000. */
  readonly maxWaitingPublishes?: number;
  /** Default 10 000. */
  readonly maxQueues?: number;
  /** Messages in a queue that was sent to and never consumed; default 1000. */
  readonly undeclaredMaxLength?: number;
  /** Freezes bodies deeply, so that whoever changes one after it was handed over fails; for tests and development. */
  readonly freezeBodies?: boolean;
  /** Hears of errors that no caller can be told of. */
  readonly onError?: (error: unknown, where: string) => void;
}

export type ResolvedBusOptions = Required<Omit<InProcessBusOptions, 'deadLetters'>>;

export function resolveBusOptions(options: InProcessBusOptions): ResolvedBusOptions {
  return {
    clock: options.clock ?? systemClock,
    backoff: options.backoff ?? exponentialBackoff(),
    publishTimeoutMs: options.publishTimeoutMs ?? 5_000,
    maxWaitingPublishes: options.maxWaitingPublishes ?? 1_000,
    maxQueues: options.maxQueues ?? 10_000,
    undeclaredMaxLength: options.undeclaredMaxLength ?? 1_000,
    freezeBodies: options.freezeBodies ?? false,
    onError: options.onError ?? (() => undefined),
  };
}

export function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const child of Object.values(value)) deepFreeze(child);
}

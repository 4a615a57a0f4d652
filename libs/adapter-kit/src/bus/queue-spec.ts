import type { QueueSpec } from '@signalbox/ports';

export const QUEUE_DEFAULTS = { prefetch: 64, maxRetries: 3, maxLength: 10_000 } as const;

/** How long `close` waits for handlers, milliseconds. */
export const DEFAULT_DRAIN_MS = 5_000;

export interface QueueLimits {
  readonly prefetch: number;
  readonly maxRetries: number;
  readonly maxLength: number;
}

/** The limits of a queue with their defaults. @throws RangeError naming queue, limit and what is allowed */
export function queueLimits(spec: QueueSpec): QueueLimits {
  const limits = {
    prefetch: spec.prefetch ?? QUEUE_DEFAULTS.prefetch,
    maxRetries: spec.maxRetries ?? QUEUE_DEFAULTS.maxRetries,
    maxLength: spec.maxLength ?? QUEUE_DEFAULTS.maxLength,
  };
  checkCount(spec.name, 'prefetch', limits.prefetch, 1);
  checkCount(spec.name, 'maxRetries', limits.maxRetries, 0);
  checkCount(spec.name, 'maxLength', limits.maxLength, 1);
  return limits;
}

function checkCount(queue: string, name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) {
    throw new RangeError(`queue ${queue}: ${name} is ${value}; allowed: whole numbers from ${least}`);
  }
}

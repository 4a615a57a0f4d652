/** The most bytes that one UTF-16 unit can take in JSON text: a control character as \u0000. */
const WORST_BYTES_PER_UNIT = 6;
const WORST_NUMBER_BYTES = 25;

/**
 * A cheap upper bound: false means that the JSON text of `value` certainly has at most `limit` bytes.
 * Stops as soon as the bound is passed, so its cost is bounded by `limit`, not by the value.
 */
export function mayExceedBytes(value: unknown, limit: number): boolean {
  return spend(value, limit) < 0;
}

/** @returns what is left of `budget`; negative when it did not suffice */
function spend(value: unknown, budget: number): number {
  if (typeof value === 'string') return budget - 2 - value.length * WORST_BYTES_PER_UNIT;
  if (typeof value !== 'object' || value === null) return budget - WORST_NUMBER_BYTES;
  let left = budget - 2;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length && left >= 0; i++) left = spend(value[i], left - 1);
    return left;
  }
  for (const key in value) {
    left = spend((value as Record<string, unknown>)[key], left - 4 - key.length * WORST_BYTES_PER_UNIT);
    if (left < 0) return left;
  }
  return left;
}

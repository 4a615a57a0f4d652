const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

/** @throws RangeError unless `limit` is a whole number from 1 to 1000; undefined is 100 */
export function checkedLimit(limit = DEFAULT_LIMIT): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new RangeError(`limit is ${limit}; 1 to ${MAX_LIMIT} is allowed`);
}

/**
 * @param name of the parameter, for the message
 * @returns `time` as commits have it, so that texts can be compared
 * @throws RangeError for what is no time
 */
export function checkedTime(name: string, time: string): string {
  const date = new Date(time);
  if (!Number.isNaN(date.getTime())) return date.toISOString();
  throw new RangeError(`${name} is "${time.slice(0, 60)}"; an RFC 3339 time is allowed`);
}

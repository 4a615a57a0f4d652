import type { Filter } from '@signalbox/ports';
import * as z from 'zod';
import { checkSpan, oneOf, queryOf, text, time, wholeNumber } from '../../query-schemas.js';
import { CALL_STATES } from './call-summary.js';
import { leastUlidOf } from './ulid-bounds.js';

export const callListSchema = queryOf({
  state: oneOf(CALL_STATES).optional(),
  server: text().optional(),
  tool: text().optional(),
  principal: text().optional(),
  isError: oneOf(['true', 'false']).optional(),
  from: time.optional(),
  to: time.optional(),
  after: text(100).optional(),
  limit: wholeNumber(1, 500).default(50),
}).superRefine(checkSpan);
export type CallListQuery = z.infer<typeof callListSchema>;

export const callIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,100}$/, 'must be a call id: letters, digits, ".", "_" and "-"');

export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex');

/** What a call must be, its place in the order aside. */
export function callFilter({ state, server, tool, principal, isError, from, to }: CallListQuery): Filter {
  const requestedAt = { ...(from === undefined ? {} : { $gte: from }), ...(to === undefined ? {} : { $lt: to }) };
  return {
    ...(state === undefined ? {} : { state }),
    ...(server === undefined ? {} : { server }),
    ...(tool === undefined ? {} : { tool }),
    ...(principal === undefined ? {} : { principal }),
    ...(isError === undefined ? {} : { isError: isError === 'true' }),
    ...(from === undefined && to === undefined ? {} : { requestedAt }),
  };
}

/** How far the time in a call's id may be from the time of its first event: two clocks, and a full queue. */
const SLACK_MS = 60_000;

/** Ids between which the wanted calls are: call ids are ULIDs, so their order is the order of time. */
export function idBounds({ from, to, after }: CallListQuery): {
  readonly least: string;
  readonly below: string | undefined;
} {
  const least = from === undefined ? '' : leastUlidOf(Date.parse(from) - SLACK_MS);
  const end = to === undefined ? undefined : leastUlidOf(Date.parse(to) + SLACK_MS);
  const below = after !== undefined && end !== undefined ? (after < end ? after : end) : (after ?? end);
  return { least, below };
}

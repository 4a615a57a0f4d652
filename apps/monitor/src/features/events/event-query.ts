import type { EventQuery } from '@signalbox/ports';
import type * as z from 'zod';
import { checkSpan, oneOf, queryOf, text, time, wholeNumber } from '../../query-schemas.js';

const filters = {
  type: text()
    .regex(
      /^([a-z0-9_]+|\*|#)(\.([a-z0-9_]+|\*|#))*$/,
      'must be a routing key such as tool.call.completed, or a pattern such as tool.call.* (* is one word, # any number)',
    )
    .optional(),
  stream: text().optional(),
  correlation: text().optional(),
  principal: text().optional(),
  from: time.optional(),
  to: time.optional(),
  after: text(500).optional(),
};

export const eventListSchema = queryOf({
  ...filters,
  order: oneOf(['asc', 'desc']).default('asc'),
  limit: wholeNumber(1, 1000).default(100),
}).superRefine(checkSpan);

export const eventStreamSchema = queryOf({ ...filters, mode: oneOf(['all', 'newest']).default('all') }).superRefine(
  checkSpan,
);

export type EventListQuery = z.infer<typeof eventListSchema>;
export type EventStreamQuery = z.infer<typeof eventStreamSchema>;

/** Which events; the part that the list and the stream have in common. */
export type EventFilter = Pick<EventListQuery, 'type' | 'stream' | 'correlation' | 'principal' | 'from' | 'to'>;

/** What of a filter the store itself can apply. */
export function storeQuery(filter: EventFilter): EventQuery {
  const { type, stream, correlation, from, to } = filter;
  return {
    ...(type === undefined ? {} : { type }),
    ...(stream === undefined ? {} : { stream }),
    ...(correlation === undefined ? {} : { correlationId: correlation }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}

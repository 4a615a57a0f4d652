import { ApiQuery } from '@nestjs/swagger';
import { ProblemException } from '@signalbox/nest-kit';
import * as z from 'zod';

const timeSchema = z.iso.datetime({ offset: true });

const text = z.string({ error: 'must be given once' }).optional();

/** The parameter `asOf` of a query, which may be written `as-of` too. */
export const asOfQuerySchema = z
  .object({ asOf: text, 'as-of': text })
  .refine((query) => query.asOf === undefined || query['as-of'] === undefined, 'asOf and as-of are the same: give one')
  .transform((query) => ({ asOf: query.asOf ?? query['as-of'] }));

/**
 * `asOf` of a query that has criteria of its own beside it.
 * @throws ProblemException 400 when it is given twice
 */
export function parseAsOfQuery(query: Readonly<Record<'asOf' | 'as-of', unknown>>): string | undefined {
  const parsed = asOfQuerySchema.safeParse(query);
  if (parsed.success) return parsed.data.asOf;
  const detail = parsed.error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; ');
  throw new ProblemException(400, 'Bad Request', { detail });
}

/** Documents `asOf` of an endpoint. */
export const ApiAsOf = () =>
  ApiQuery({
    name: 'asOf',
    required: false,
    type: String,
    description: 'RFC 3339 time: answers as things were then, from the log; `as-of` says the same',
  });

/**
 * @param now milliseconds since the epoch
 * @returns the moment that is meant, in milliseconds since the epoch
 * @throws ProblemException 400 for what is no time, and for a time that has not come
 */
export function parseAsOf(text: string, now: number): number {
  if (!timeSchema.safeParse(text).success) {
    const detail = `asOf: ${text} is no RFC 3339 time such as 2026-11-25T10:00:00Z (in a URL, + is written %2B)`;
    throw new ProblemException(400, 'Bad Request', { detail });
  }
  const time = Date.parse(text);
  if (time <= now) return time;
  throw new ProblemException(400, 'Bad Request', { detail: `asOf: ${text} has not come yet` });
}

import { ApiQuery } from '@nestjs/swagger';
import { ProblemException } from '@signalbox/nest-kit';
import * as z from 'zod';

const timeSchema = z.iso.datetime({ offset: true });

/** The parameter `asOf` of a query. */
export const asOfQuerySchema = z.object({ asOf: z.string().optional() });

/** Documents `asOf` of an endpoint. */
export const ApiAsOf = () =>
  ApiQuery({
    name: 'asOf',
    required: false,
    type: String,
    description: 'RFC 3339 time: answers as things were then, from the log',
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

import * as z from 'zod';
import { queryOf, text, wholeNumber } from '../../query-schemas.js';

export const deadLetterListSchema = queryOf({ queue: text().optional(), limit: wholeNumber(1, 1000).default(100) });
export type DeadLetterListQuery = z.infer<typeof deadLetterListSchema>;

export const deadLetterIdSchema = z.string().min(1).max(200);
export const projectionNameSchema = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, 'must be the name of a projection');

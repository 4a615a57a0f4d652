import { SERVICE_STATUSES } from '@signalbox/contracts';
import { ProblemException } from '@signalbox/nest-kit';
import type { ServiceQuery } from '@signalbox/ports';
import * as z from 'zod';

const METADATA_PREFIX = 'metadata.';
const MAX_CRITERIA = 100;
const ROLES = ['master', 'worker', 'specialized'] as const;

const metadataSchema = z.record(z.string(), z.string({ error: 'must be a string' }));

const querySchema = z.strictObject({
  serviceName: z.string().min(1).optional(),
  status: z.enum(SERVICE_STATUSES).optional(),
  role: z.enum(ROLES).optional(),
  tags: z.array(z.string().min(1)).max(MAX_CRITERIA).optional(),
  metadata: metadataSchema.optional(),
});

/**
 * The criteria of `GET /services`: `metadata` as a JSON object of strings, or as `metadata.key=value`; `tags` separated
 * by commas, or repeated.
 * @throws ProblemException 400 that names each faulty parameter and what is allowed
 */
export function parseServiceQuery(raw: Readonly<Record<string, unknown>>): ServiceQuery {
  const criteria: Record<string, unknown> = {};
  const metadata: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (name === 'metadata') Object.assign(metadata, parseMetadata(value));
    else if (name.startsWith(METADATA_PREFIX)) metadata[name.slice(METADATA_PREFIX.length)] = value;
    else if (name === 'tags') criteria[name] = [value].flat().flatMap((tags) => String(tags).split(','));
    else criteria[name] = value;
  }
  if (Object.keys(metadata).length > 0) criteria['metadata'] = metadata;
  const parsed = querySchema.safeParse(criteria);
  if (parsed.success) return parsed.data;
  throw badQuery(parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })));
}

function parseMetadata(value: unknown): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(String(value));
  } catch (error) {
    throw badQuery([{ path: 'metadata', message: `not JSON: ${(error as Error).message}` }]);
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  throw badQuery([{ path: 'metadata', message: 'must be a JSON object of strings, as in {"version":"1"}' }]);
}

function badQuery(errors: { path: string; message: string }[]): ProblemException {
  const detail = errors.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
  const allowed = ['serviceName', 'status', 'role', 'tags', 'metadata', 'metadata.<key>', 'asOf'];
  return new ProblemException(400, 'Bad Request', { detail, errors, allowed });
}
